"""The memory of slapd: not that of all descriptors the system would allow, and
not that of each password it ever looked at."""

import re
import threading

import chancery

MANY = 20


class Footprint(chancery.TestCase):
    users = tuple(f"u{n}" for n in range(MANY))

    def slapd(self):
        return self.chancery.pids()["directory"][0]

    def anonymous(self):
        """Bytes that are slapd's alone."""
        with open(f"/proc/{self.slapd()}/smaps_rollup") as f:
            return 1024 * next(int(line.split()[1]) for line in f
                               if line.startswith("Pss_Anon:"))

    def test_many_log_in_at_once(self):
        with open(f"/proc/{self.slapd()}/limits") as f:
            files = re.search(r"Max open files +(\d+)", f.read()).group(1)
        self.assertLessEqual(int(files), 4096)
        failed = []

        def log_in(user):
            try:
                self.chancery.imap(user).logout()
            except Exception as trouble:
                failed.append(trouble)
        threads = [threading.Thread(target=log_in, args=(user,))
                   for user in self.users]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        chancery.wait_until("the memory is given back", lambda:
                            self.anonymous() < 40 << 20)


if __name__ == "__main__":
    chancery.main()
