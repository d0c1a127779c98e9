"""The sizing target (L14) as a workload: a hundred accounts, every service of the tree that mailadm init makes, under s6, on one
processor and with 128 MB of memory. Everybody waits in IDLE, with TLS, while all of them at once log in to submit mail to each
other and to read it by POP3, and mail from outside comes through greylisting. Needs root (control groups).

    with MemoryGroup("hundred", hundred.MEMORY) as group, Instance(environment=hundred.SETTINGS) as tubepost:
        with hundred.Supervised(tubepost, group) as services:
            report = hundred.run(tubepost, services, messages=2)"""
import collections
import concurrent.futures
import imaplib
import os
import poplib
import random
import re
import smtplib
import threading
import time

import supervision

ACCOUNTS, MEMORY = 100, 128 << 20
PASSWORD = "one for all 1"
DAY = "Thu, 26 Nov 2026 06:00:00 +0000"
SMALL, LARGE = 10 << 10, 1 << 20  # octets; one message in ten is large
PATIENCE = 120  # seconds until a client no longer comes back
NEVER_NEEDED = {"avscan"}  # it needs a clamd, which alone is larger

# What mailadm init makes of a machine of that size (tests/unit/mailadm/init_test.cc), but that all clients have one address here.
SETTINGS = {f"TUBEPOST_{section}_{key}": str(connections)
            for section, connections in (("SMTPD", 20), ("SUBMISSION", 20), ("SUBMISSIONS", 20), ("POPD", 100), ("POP3S", 100),
                                         ("IMAPD", 200), ("IMAPS", 200))
            for key in ("CONNECTIONS", "CONNECTIONS_PER_ADDRESS")}
SETTINGS.update({"TUBEPOST_SMTPD_POLICY": "unix:run/greylist.sock", "TUBEPOST_GREYLIST_BLOCK": "1s"})


class Supervised(supervision.Supervised):
    """All services, their supervisor and their loggers in the control group, on one processor."""

    def __init__(self, tubepost, group):
        self.group = group
        for down in (tubepost.home / "service").glob("*/down"):
            if down.parent.name not in NEVER_NEEDED:
                down.unlink()
        super().__init__(tubepost, preexec_fn=self.confine)

    def __enter__(self):
        super().__enter__()
        self.before = self.pids()
        return self

    def confine(self):
        self.group.enter()
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    def ended(self):
        """Services that did not live through it all."""
        now = self.pids()
        return [name for name in self.names if now[name] != self.before[name]]


class Watch(threading.Thread):
    """The most anonymous memory there was."""

    def __init__(self, group):
        super().__init__(daemon=True)
        self.group, self.most, self.over = group, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, self.group.anonymous())


def patiently(work):
    """As a client that is told to come back later does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except smtplib.SMTPRecipientsRefused as refused:
            failure, code = refused, max(code for code, _ in refused.recipients.values())
        except smtplib.SMTPResponseException as refused:
            failure, code = refused, refused.smtp_code
        except (smtplib.SMTPServerDisconnected, ConnectionError) as refused:
            failure, code = refused, 421
        if code >= 500 or time.monotonic() > deadline:
            raise failure
        time.sleep(random.uniform(0.1, 0.5))


class Post:
    """Who is to get which messages; makes them."""

    def __init__(self):
        self.lock, self.number, self.expected = threading.Lock(), 0, collections.defaultdict(list)

    def message(self, sender, recipients):
        with self.lock:
            self.number += 1
            identity = f"<{self.number}@hundred.test>"
            for recipient in recipients:
                self.expected[recipient].append(identity)
        line = f"Line of message {identity} as long as lines of mail usually are, which is below eighty.\r\n"
        size = LARGE if self.number % 10 == 0 else SMALL
        return (f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nDate: {DAY}\r\nSubject: one of many\r\nMessage-ID: {identity}\r\n\r\n"
                + line * (size // len(line)))


class User:
    def __init__(self, tubepost, post, number):
        self.tubepost, self.post, self.number = tubepost, post, number
        self.account = name_of(number)
        self.tls = tubepost.tls_context()

    def port(self, standard):
        return self.tubepost.port(standard)

    def begin_idle(self):
        self.imap = imaplib.IMAP4_SSL("127.0.0.1", self.port(993), ssl_context=self.tls)
        self.imap.login(self.account, PASSWORD)
        self.imap.select("INBOX")
        self.imap.send(b"idle IDLE\r\n")
        line = self.imap.readline()
        if not line.startswith(b"+"):
            raise AssertionError(f"{self.account}, IDLE: {line!r}")

    def submit(self, recipients):
        text = self.post.message(self.account, recipients)

        def once():
            with smtplib.SMTP("127.0.0.1", self.port(587), "client.test", timeout=PATIENCE) as smtp:
                smtp.starttls(context=self.tls)
                smtp.login(self.account, PASSWORD)
                smtp.sendmail(self.account, recipients, text)
        patiently(once)

    def is_written_to(self):
        """By a stranger."""
        stranger = f"stranger{self.number}@outside.test"
        text = self.post.message(stranger, [self.account])

        def once():
            with smtplib.SMTP("127.0.0.1", self.port(25), "client.test", timeout=PATIENCE) as smtp:
                smtp.sendmail(stranger, [self.account], text)
        patiently(once)

    def read_by_pop(self):
        pop = poplib.POP3_SSL("127.0.0.1", self.port(995), context=self.tls, timeout=PATIENCE)
        pop.user(self.account)
        pop.pass_(PASSWORD)
        for number in range(1, pop.stat()[0] + 1):
            pop.retr(number)
        pop.quit()

    def live(self, messages):
        for round_ in range(messages):
            others = [name_of((self.number + step) % ACCOUNTS) for step in (1, 7 + round_)]
            self.submit(others)
            self.read_by_pop()
        self.is_written_to()
        self.read_by_pop()

    def end_idle(self):
        """(how many messages IDLE has told of, their Message-IDs)"""
        self.imap.send(b"DONE\r\n")
        told = 0
        while not (line := self.imap.readline()).startswith(b"idle "):
            if not line:
                raise AssertionError(f"{self.account}: IDLE was ended by the server")
            if found := re.match(rb"\* (\d+) EXISTS", line):
                told = int(found[1])
        _, parts = self.imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        self.imap.logout()
        return told, [identity.decode() for part in parts if isinstance(part, tuple) for identity in re.findall(rb"<\S+>", part[1])]


def name_of(number):
    return f"user{number}@example.test"


def all_at_once(users, work):
    """A thread for each; the first failure is ours."""
    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        for done in [pool.submit(work, user) for user in users]:
            done.result()


def add_accounts(tubepost):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(tubepost.run, "mailadm", "account", "add", name_of(number), "--password-stdin", input=PASSWORD)
                     for number in range(ACCOUNTS)]:
            done.result()


def run(tubepost, services, messages):
    """Each submits so many messages to two others, a login for each, and reads its mail as often. Fails when anything is lost, comes
    twice, is not told of by IDLE, when a service ended or the kernel ended a process for want of memory."""
    post, watch, begin = Post(), Watch(services.group), time.monotonic()
    watch.start()
    try:
        users = [User(tubepost, post, number) for number in range(ACCOUNTS)]
        all_at_once(users, User.begin_idle)
        all_at_once(users, lambda user: user.live(messages))
        tubepost.wait_until("the queue is empty", lambda: not tubepost.queue(), 2 * PATIENCE)
        memory, seconds = services.group.memory(), time.monotonic() - begin
        for user in users:
            told, identities = user.end_idle()
            check_mailbox(user.account, post.expected[user.account], told, identities)
    finally:
        watch.over.set()
        watch.join()
        killed = services.group.killed()
        if killed:
            raise AssertionError(f"{killed} processes ended for want of memory")
    if services.ended():
        raise AssertionError(f"ended: {services.ended()}")
    delivered = sum(len(identities) for identities in post.expected.values())
    return {"seconds": seconds, "delivered": delivered, "logins": ACCOUNTS * (2 + 2 * messages), "memory": memory,
            "anonymous": watch.most, "peak": services.group.peak()}


def check_mailbox(account, expected, told, identities):
    lost, more = (collections.Counter(one) - collections.Counter(other) for one, other in
                  ((expected, identities), (identities, expected)))
    if lost or more:
        raise AssertionError(f"{account}: lost {sorted(lost)}, too often {sorted(more)}")
    if told != len(expected):
        raise AssertionError(f"{account}: IDLE told of {told} messages, there are {len(expected)}")


def describe(report):
    mebibytes = {name: octets / (1 << 20) for name, octets in report["memory"].items()}
    programs = ", ".join(f"{name} {size:.1f}" for name, size in sorted(mebibytes.items(), key=lambda item: -item[1]) if size >= 0.1)
    return (f"{report['logins']:,} logins and {report['delivered']:,} messages delivered in {report['seconds']:.1f} s; at most "
            f"{report['anonymous'] / (1 << 20):.1f} MiB of anonymous memory, {report['peak'] / (1 << 20):.1f} with what the kernel keeps of "
            f"files, of {MEMORY >> 20}.\nAt the end, everybody in IDLE, MiB (PSS): {programs}")
