#!/usr/bin/python3
"""How long a start takes until SMTP and IMAP greet, and what the idle system
holds in memory after each service has served one session; beside Postfix with
Dovecot and with Cyrus.

    t/bench/idle.py [--only KINDS]

The memory is the sum of Pss over all processes of the system (Chancery's slapd
apart), read from /proc as root. Each ran before, was stopped and is started
anew. Prints a line a program.
"""

import argparse
import imaplib
import poplib
import smtplib
import time

import systems


def greeted(system, service, word):
    while True:
        try:
            with system.connect(service) as sock:
                if sock.recv(100).startswith(word):
                    return
        except OSError:
            pass


def start_again(system):
    """Seconds from the start of what ran before to its greetings."""
    system.halt()
    began = time.perf_counter()
    system.restart()
    greeted(system, "smtp", b"220")
    greeted(system, "imap", b"* OK")
    return time.perf_counter() - began


def serve_once(system):
    """One session of each service, in the clear and over TLS."""
    user, password = system.login(0)
    with smtplib.SMTP("127.0.0.1", system.port("smtp"), timeout=30) as smtp:
        smtp.sendmail("x@elsewhere.test", [user], "Subject: x\r\n\r\nx\r\n")
    if system.kind == "chancery":
        for service in ("submission", "submissions"):
            with system.instance.smtp(service) as smtp:
                if service == "submission":
                    smtp.starttls(context=system.context)
                smtp.login(user, password)
    for imap in (imaplib.IMAP4("127.0.0.1", system.port("imap")),
                 imaplib.IMAP4_SSL("127.0.0.1", system.port("imaps"),
                                   ssl_context=system.context)):
        imap.login(user, password)
        imap.logout()
    pop3 = poplib.POP3("127.0.0.1", system.port("pop3"))
    pop3.user(user)
    pop3.pass_(password)
    pop3.quit()


def measure(kind):
    """Seconds to start, and KiB by program."""
    with systems.start(kind, 1) as system:
        started = start_again(system)
        serve_once(system)
        time.sleep(2)  # what was forked for them has settled
        return {"start_s": started, "memory": system.memory()}


def main():
    parser = argparse.ArgumentParser()
    systems.add_only(parser)
    for kind in parser.parse_args().only:
        found = measure(kind)
        print(f"{systems.KINDS[kind]}: start to greeting "
              f"{found['start_s'] * 1000:.0f} ms"
              f"{' (aim 1,000)' if kind == 'chancery' else ''}, "
              f"{sum(found['memory'].values()) / 1024:.1f} MiB"
              f"{' but for slapd (aim 60)' if kind == 'chancery' else ''}")
        for name, size in sorted(found["memory"].items()):
            print(f"  {name:16} {size:7} KiB")


if __name__ == "__main__":
    main()
