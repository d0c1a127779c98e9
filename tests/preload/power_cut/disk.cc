#include "power_cut/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace tubepost::power_cut {
namespace {

constexpr std::uint64_t page_size = 4096;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string() : path.substr(0, slash);
}

void put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}

// What is in a folder goes with it.
template <class Names>
void move_children(Names& names, const std::string& from, const std::string& to) {
  const std::string inside = from + '/';
  for (auto at = names.lower_bound(inside); at != names.end() && at->first.starts_with(inside);) {
    names.insert_or_assign(to + '/' + at->first.substr(inside.size()), at->second);
    at = names.erase(at);
  }
}

class Choice {
public:
  Choice(Disk::Later later, std::mt19937_64& chance) : later_(later), chance_(chance) {
    if (later == Disk::Later::some) likelihood_ = std::uniform_real_distribution(0.05, 0.95)(chance);
  }
  bool takes() {
    if (later_ != Disk::Later::some) return later_ == Disk::Later::all;
    return std::uniform_real_distribution(0.0, 1.0)(chance_) < likelihood_;
  }

private:
  Disk::Later later_;
  std::mt19937_64& chance_;
  double likelihood_ = 0;
};

std::uint64_t number(const std::string& text) { return parse_number<std::uint64_t>(text).value_or(0); }

}  // namespace

void Disk::write(File& file, std::uint64_t offset, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto end = ((offset + done) / page_size + 1) * page_size;
    const auto size = std::min<std::uint64_t>(end - offset - done, bytes.size() - done);
    file.later.push_back({offset + done, bytes.substr(done, size)});
    done += size;
  }
}

void Disk::change(const std::string& path, std::optional<Name> name) {
  if (name)
    now_[path] = *name;
  else
    now_.erase(path);
  later_.push_back({folder_of(path), {{path, name}}});
}

Result<void> Disk::rename(const std::string& from, const std::string& to) {
  const auto found = now_.find(from);
  if (found == now_.end() || folder_of(from) != folder_of(to))
    return Failure::permanent("a rename that does not stay in its folder: " + from);
  const Name name = found->second;
  if (name.kind == Node::folder) rename_later(from, to);
  later_.push_back({folder_of(to), {{from, std::nullopt}, {to, name}}});
  take(now_, later_.back());
  return {};
}

// Changes inside a folder that is renamed are not yet on the disk, and are no more so under its new name.
void Disk::rename_later(const std::string& from, const std::string& to) {
  for (auto& one : later_) {
    if (one.folder != from && !one.folder.starts_with(from + '/')) continue;
    one.folder = to + one.folder.substr(from.size());
    for (auto& [name, what] : one.names) name = to + name.substr(from.size());
  }
}

void Disk::take(Names& names, const Change& change) {
  for (const auto& [name, what] : change.names)
    if (what)
      names[name] = *what;
    else
      names.erase(name);
  if (change.names.size() == 2 && change.names[1].second && change.names[1].second->kind == Node::folder)
    move_children(names, change.names[0].first, change.names[1].first);
}

void Disk::sync_folder(const std::string& path) {
  for (const auto& one : later_) {
    if (one.folder == path) take(durable_, one);
  }
  std::erase_if(later_, [&](const Change& one) { return one.folder == path; });
}

Result<void> Disk::apply(const Line& line) {
  const auto& [word, fields, bytes] = line;
  const bool counts = !without_.contains(kind_of_sync(line));
  const auto inode = fields.empty() ? 0 : number(fields[0]);
  const auto flush = [](File& file) {
    for (const auto& one : file.later)
      if (one.truncates)
        file.durable.resize(one.offset);
      else
        put(file.durable, one.offset, one.bytes);
    file.later.clear();
  };
  if (word == "create")
    files_[inode] = {}, change(fields[1], Name{Node::file, inode});
  else if (word == "unnamed")
    files_[inode] = {};
  else if (word == "write" && fields[2] == "synced" && counts)
    put(files_[inode].durable, number(fields[1]), bytes);
  else if (word == "write")
    write(files_[inode], number(fields[1]), bytes);
  else if (word == "truncate")
    files_[inode].later.push_back({number(fields[1]), {}, true});
  else if (word == "link")
    change(fields[1], Name{Node::file, inode});
  else if (word == "unlink")
    change(fields[0], std::nullopt);
  else if (word == "rename")
    return rename(fields[0], fields[1]);
  else if (word == "mkdir")
    change(fields[0], Name{Node::folder, 0});
  else if (word == "fifo")
    change(fields[0], Name{Node::fifo, 0});
  else if (word == "sync" && counts)
    flush(files_[inode]);
  else if (word == "sync-folder" && counts)
    sync_folder(fields[2]);
  return {};
}

bool Disk::is_settled() const {
  return later_.empty() &&
         std::all_of(files_.begin(), files_.end(), [](const auto& one) { return one.second.later.empty(); });
}

Disk::Names Disk::names(Later later, std::mt19937_64& chance) const {
  Names names = durable_;
  Choice choice(later, chance);
  std::set<std::string> passed_over;  // what came after a change that is not there is not there
  for (const auto& one : later_) {
    const bool free = std::none_of(one.names.begin(), one.names.end(),
                                   [&](const auto& n) { return passed_over.contains(n.first); });
    const bool takes = choice.takes() && free;
    if (takes)
      take(names, one);
    else
      for (const auto& [name, what] : one.names) passed_over.insert(name);
  }
  return names;
}

Disk::Image Disk::image(Later later, std::mt19937_64& chance) const {
  Image image;
  std::map<std::uint64_t, std::string> contents;  // a file with two names is one
  for (const auto& [path, name] : names(later, chance)) {
    const auto folder = folder_of(path);
    if (!folder.empty() && !image.contains(folder)) continue;  // its folder is not there
    Node node{name.kind, {}};
    if (name.kind == Node::file) {
      const auto [content, is_new] = contents.try_emplace(name.inode);
      const auto found = files_.find(name.inode);
      if (is_new && found != files_.end()) {
        content->second = found->second.durable;
        Choice choice(later, chance);
        for (const auto& write : found->second.later) {
          if (!choice.takes()) continue;
          if (write.truncates)
            content->second.resize(write.offset);
          else
            put(content->second, write.offset, write.bytes);
        }
      }
      node.bytes = content->second;
    }
    image.emplace(path, std::move(node));
  }
  return image;
}

Result<void> write_image(const Disk::Image& image, const std::string& folder) {
  for (const auto& [path, node] : image) {
    const auto where = folder + '/' + path;
    if (node.kind == Disk::Node::folder) {
      if (auto made = make_directory(where, 0700); !made) return made;
    } else if (node.kind == Disk::Node::fifo) {
      ::mkfifo(where.c_str(), 0600);
    } else {
      const UniqueFd file(::open(where.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!file) return Failure::temporary(where + ": " + error_text(errno));
      if (auto written = write_all(file.get(), node.bytes); !written) return written;
    }
  }
  return {};
}

}  // namespace tubepost::power_cut
