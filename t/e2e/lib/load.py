"""Mail that keeps coming in while something is broken.

    with load.Load(instance, "ada") as sending:
        ... break things, sending.wait_for(n) ...
    sending.check(messages_of_ada)

Each message has a number in its subject. One that is put off (4xx) or cut off
is sent again until it is answered 250; a 5xx is a failure. What was answered
250 must be there; what was sent again after a lost answer may be there twice,
as RFC 5321 section 4.5.3.2 has it, nothing else may. An answer is lost too
where smtpd lost the queue's and could only put the client off.
"""

import re
import smtplib
import threading
import time

import chancery

# smtpd's word when the queue went away before it said whether it took it.
UNKNOWN = b"queue file write error"


class Load:
    def __init__(self, instance, user, sessions=4, body=b"hello\r\n",
                 pause=0):
        """pause: seconds from one message to the next of a session."""
        self.instance, self.user, self.body = instance, user, body
        self.pause = pause
        self.done = threading.Event()
        self.lock = threading.Lock()
        self.next, self.accepted, self.doubtful = 0, set(), set()
        self.put_off, self.failures = [], []
        self.threads = [threading.Thread(target=self._run, daemon=True)
                        for _ in range(sessions)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join(2 * chancery.PATIENCE)
            if thread.is_alive():
                raise AssertionError("a sender hangs")

    def _run(self):
        while not self.done.is_set():
            with self.lock:
                number, self.next = self.next, self.next + 1
            self._send_until_taken(number)
            self.done.wait(self.pause)

    def _send_until_taken(self, number):
        """Also after done: what was begun is to come in."""
        end = time.monotonic() + chancery.PATIENCE
        while time.monotonic() < end:
            if self._try(number):
                return
            time.sleep(0.05)  # as a client would, only sooner
        with self.lock:
            self.failures.append((number, "never taken"))

    def _try(self, number):
        """Is there nothing more to do for it?"""
        message = b"Subject: number %d.\r\n\r\n" % number + self.body
        sent = False
        try:
            with self.instance.smtp() as smtp:
                smtp.ehlo()
                for code, text in (
                        smtp.mail("load@elsewhere.test"),
                        smtp.rcpt(self.instance.address(self.user))):
                    if code != 250:
                        return self._refused(number, code, text)
                sent = True
                code, text = smtp.data(message)
                sent = False
                if UNKNOWN in text:
                    with self.lock:
                        self.doubtful.add(number)
                if code != 250:
                    return self._refused(number, code, text)
                with self.lock:
                    self.accepted.add(number)
                return True
        except (smtplib.SMTPException, OSError) as trouble:
            with self.lock:
                if sent:
                    self.doubtful.add(number)
                if number in self.accepted:  # only QUIT failed
                    return True
                self.put_off.append((0, str(trouble)))
            return False

    def _refused(self, number, code, text):
        with self.lock:
            if code < 500:
                self.put_off.append((code, text))
                return False
            self.failures.append((number, code, text))
        return True

    def wait_for(self, count):
        """Until so many more have been accepted."""
        want = len(self.accepted) + count
        chancery.wait_until(f"{count} more accepted",
                            lambda: len(self.accepted) >= want)

    def wait_for_trouble(self, count=1):
        """Until so many more have been put off."""
        want = len(self.put_off) + count
        chancery.wait_until(f"{count} more put off",
                            lambda: len(self.put_off) >= want)

    def check(self, test):
        """All that was taken is in the mailbox, and nothing twice."""
        test.assertEqual(self.failures, [])

        def found():
            return [int(n) for message in test.messages(self.user)
                    for n in re.findall(rb"^Subject: number (\d+)\.\r$",
                                        message, re.M)]
        chancery.wait_until("all that was accepted",
                            lambda: self.accepted <= set(found()))
        numbers = found()
        twice = {n for n in numbers if numbers.count(n) > 1}
        test.assertLessEqual(twice, self.doubtful)
        test.assertLessEqual(set(numbers), self.accepted | self.doubtful)
