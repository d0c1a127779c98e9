"""Other people's servers from Debian for tests: unpacked beside the system and never installed (a package would replace the machine's
own mail or DNS server), run with configurations of their own on loopback ports."""
