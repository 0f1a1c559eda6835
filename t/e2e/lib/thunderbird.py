"""Thunderbird without a screen, driven by its own remote protocol.

    with thunderbird.Thunderbird() as bird:
        bird.trust("127.0.0.1", port, certificate)
        bird.run("return Services.appinfo.version")

run() takes the body of an async function in Thunderbird's own scope; what it
returns comes back as Python values, and what it throws as AssertionError.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from chancery import PATIENCE, free_port, wait_until

PREFS = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "mail.biff.show_alert": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spam.manualMark": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}
HEAD = """
const { MailServices } = ChromeUtils.importESModule(
    "resource:///modules/MailServices.sys.mjs");
"""

# For work(): the account, its folders by name, and how to wait.
COMMON = """
    const listen = start => new Promise((resolve, reject) => start({
        onStartRunningUrl() {},
        onStopRunningUrl(url, status) {
            status ? reject("status " + status) : resolve();
        },
        onStartCopy() {}, onProgress() {}, setMessageKey() {},
        getMessageId() { return null; },
        onStopCopy(status) {
            status ? reject("status " + status) : resolve();
        },
        QueryInterface: ChromeUtils.generateQI(
            ["nsIUrlListener", "nsIMsgCopyServiceListener"]),
    }));
    const until = async (what, test) => {
        for (let i = 0; i < 2000; i++) {
            const value = await test();
            if (value) return value;
            await new Promise(r => Services.tm.mainThread.dispatch(
                { run: () => setTimeout(r, 50) }, 0));
        }
        throw "not in time: " + what;
    };
    const setTimeout = ChromeUtils.importESModule(
        "resource://gre/modules/Timer.sys.mjs").setTimeout;
    const account = MailServices.accounts.accounts.find(
        a => a.incomingServer.type == "imap");
    const root = account?.incomingServer.rootFolder;
    const folder = path => path.split("/").reduce(
        (f, name) => f?.subFolders.find(s => s.name == name), root);
    const read = (f, hdr) => new Promise((resolve, reject) => {
        const uri = f.getUriForMsg(hdr);
        let all = "";
        MailServices.messageServiceFromURI(uri).streamMessage(uri, {
            onStartRequest() {},
            onStopRequest(r, status) {
                status ? reject("status " + status) : resolve(all);
            },
            onDataAvailable(r, stream, offset, count) {
                const s = Cc["@mozilla.org/scriptableinputstream;1"]
                    .createInstance(Ci.nsIScriptableInputStream);
                s.init(stream);
                all += s.read(count);
            },
            QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
        }, null, null, false, "", false);
    });
    const subject = (f, text) => [...f.messages].find(
        m => m.mime2DecodedSubject == text);
"""


class Thunderbird:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="chancery-thunderbird-")
        profile = os.path.join(self.home, "profile")
        os.mkdir(profile)
        port = free_port()
        with open(os.path.join(profile, "user.js"), "w") as prefs:
            for name, value in {**PREFS, "marionette.port": port}.items():
                prefs.write(f"user_pref({json.dumps(name)}, "
                            f"{json.dumps(value)});\n")
        self.log = open(os.path.join(self.home, "log"), "w")
        self.process = subprocess.Popen(
            ["thunderbird", "--headless", "--marionette",
             "--remote-allow-system-access", "--no-remote", "--profile",
             profile], env=dict(os.environ, HOME=self.home),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        self.count = 0
        self.sock = wait_until("Thunderbird", lambda: self.connect(port))
        self.read()
        self.command("WebDriver:NewSession", capabilities={})
        self.command("WebDriver:SetTimeouts", script=PATIENCE * 1000)
        self.command("Marionette:SetContext", value="chrome")

    def connect(self, port):
        try:
            return socket.create_connection(("127.0.0.1", port),
                                            timeout=2 * PATIENCE)
        except OSError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()
        # its own children are in its session
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            assert part, "Thunderbird is gone"
            data += part
        return data

    def read(self):
        """"LENGTH:JSON"."""
        digits = b""
        while (byte := self.receive(1)) != b":":
            digits += byte
        return json.loads(self.receive(int(digits)))

    def command(self, name, **arguments):
        self.count += 1
        frame = json.dumps([0, self.count, name, arguments]).encode()
        self.sock.sendall(b"%d:%s" % (len(frame), frame))
        _, number, error, result = self.read()
        assert number == self.count
        if error:
            raise AssertionError(f"Thunderbird: {error['message']}")
        return result

    def run(self, body, *arguments):
        script = HEAD + """
            const done = arguments[arguments.length - 1];
            (async (...args) => {""" + body + """})(...arguments).then(
                value => done([true, value ?? null]),
                error => done([false, String(error)]));"""
        good, value = self.command("WebDriver:ExecuteAsyncScript",
                                   script=script, args=list(arguments))["value"]
        if not good:
            raise AssertionError(f"Thunderbird: {value}")
        return value

    def trust(self, host, port, certificate):
        """As if somebody had confirmed this certificate (PEM)."""
        lines = [line for line in certificate.splitlines()
                 if "-----" not in line]
        self.run("""
            const [host, port, base64] = args;
            const db = Cc["@mozilla.org/security/x509certdb;1"].getService(
                Ci.nsIX509CertDB);
            Cc["@mozilla.org/security/certoverride;1"].getService(
                Ci.nsICertOverrideService).rememberValidityOverride(
                host, port, {}, db.constructX509FromBase64(base64), true);
        """, host, port, "".join(lines))

    def work(self, body, *arguments):
        """run() with COMMON before it."""
        return self.run(COMMON + body, *arguments)

    def make_account(self, chancery, user, name):
        """user's, by IMAP and submission, its certificate trusted."""
        with open(chancery.path("tls/cert.pem")) as pem:
            certificate = pem.read()
        for service in ("imaps", "submissions"):
            self.trust("127.0.0.1", chancery.port(service), certificate)
        self.run("""
            const [imap, submission, address, password, name] = args;
            const server = MailServices.accounts.createIncomingServer(
                address, "127.0.0.1", "imap");
            server.port = imap;
            server.socketType = Ci.nsMsgSocketType.SSL;
            server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
            server.password = password;
            const out = MailServices.outgoingServer.createServer("smtp");
            const smtp = out.QueryInterface(Ci.nsISmtpServer);
            smtp.hostname = "127.0.0.1";
            smtp.port = submission;
            out.socketType = Ci.nsMsgSocketType.SSL;
            out.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
            out.username = address;
            out.password = password;
            const identity = MailServices.accounts.createIdentity();
            identity.email = address;
            identity.fullName = name;
            identity.smtpServerKey = out.key;
            const made = MailServices.accounts.createAccount();
            made.incomingServer = server;
            made.addIdentity(identity);
            MailServices.accounts.defaultAccount = made;
        """, chancery.port("imaps"), chancery.port("submissions"),
             chancery.address(user), chancery.password(user), name)
