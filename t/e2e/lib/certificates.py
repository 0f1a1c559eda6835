"""Certificates for other sites' servers, issued by an authority of the test."""

import os
import shutil
import subprocess
import tempfile


class Authority:
    """Certificates of its own, in a folder that goes with it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="chancery-ca-")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", "/CN=test authority", "-keyout", "ca.key",
                     "-out", "ca.pem")
        self.file = os.path.join(self.dir, "ca.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.dir, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name):
        with open(os.path.join(self.dir, "ext"), "w") as ext:
            ext.write(f"subjectAltName=DNS:{name}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={name}", "-keyout", name + ".key", "-out", "csr")
        self.openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey",
                     "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
                     "ext", "-out", name + ".pem")
        return [os.path.join(self.dir, name + end) for end in (".pem", ".key")]

    def close(self):
        shutil.rmtree(self.dir)
