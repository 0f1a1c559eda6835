// What imapflow sees and does; t/e2e/clients/imapflow.py runs it and looks at
// the one line of JSON it prints.
'use strict';

const { ImapFlow } = require('imapflow');
const [port, user, pass, ca] = process.argv.slice(2);

const plain = (key, value) => {
    if (typeof value === 'bigint') {
        return Number(value);
    }
    if (value instanceof Set) {
        return [...value];
    }
    if (value instanceof Map) {
        return Object.fromEntries(value);
    }
    return value;
};

const connect = async () => {
    const client = new ImapFlow({
        host: '127.0.0.1',
        port: Number(port),
        secure: true,
        tls: { ca: require('fs').readFileSync(ca), checkServerIdentity: () => undefined },
        auth: { user, pass },
        qresync: true,
        logger: false
    });
    client.heard = [];
    for (const name of ['exists', 'expunge', 'flags']) {
        client.on(name, event => client.heard.push({ name, ...event }));
    }
    await client.connect();
    return client;
};

const all = async (client, range, query, options) => {
    const found = [];
    for await (const message of client.fetch(range, query, options)) {
        found.push(message);
    }
    return found;
};

const read = async (client, uid, part) => {
    const { content } = await client.download(uid, part, { uid: true });
    const chunks = [];
    for await (const chunk of content) {
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
};

const text = (subject, body) =>
    [
        'From: Ada <ada@example.test>',
        'To: bob@example.test',
        `Subject: ${subject}`,
        'Message-ID: <' + subject + '@example.test>',
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: base64',
        '',
        Buffer.from(body).toString('base64'),
        '--b--',
        ''
    ].join('\r\n');

// Until the other one has heard such a thing: what comes between commands,
// while it idles by itself, may be something else that went before.
const hears = async (client, name) => {
    const end = Date.now() + 120000;
    while (!client.heard.some(event => event.name === name) && Date.now() < end) {
        await client.noop();
        await new Promise(resolve => setImmediate(resolve));
    }
    return client.heard.splice(0);
};

const main = async () => {
    const out = {};
    const client = await connect();
    const other = await connect();

    out.enabled = client.enabled;
    out.capabilities = [...client.capabilities.keys()];
    out.created = await client.mailboxCreate(['Projekte', 'Grüße 日本']);
    const path = out.created.path;

    out.appended = [];
    for (const subject of ['one', 'two', 'three', 'four']) {
        out.appended.push(await client.append(path, text(subject, `body ${subject} ü`), ['\\Flagged']));
    }
    out.list = await client.list({ statusQuery: { messages: true, unseen: true, uidNext: true, highestModseq: true } });
    out.status = await client.status(path, { messages: true, unseen: true, uidValidity: true, highestModseq: true });

    // The object goes on changing: what is known now is wanted.
    const known = { ...(await client.mailboxOpen(path)) };
    out.opened = known;
    await other.mailboxOpen(path);
    out.fetched = await all(client, '1:*', {
        uid: true, flags: true, envelope: true, bodyStructure: true, internalDate: true, size: true, threadId: true
    });
    out.body = await read(client, out.appended[1].uid, '1');

    await client.messageFlagsAdd({ uid: String(out.appended[0].uid) }, ['\\Answered', '$Label1'], { uid: true });
    out.heardFlags = await hears(other, 'flags');
    await client.messageDelete({ uid: String(out.appended[1].uid) }, { uid: true });
    out.heardExpunge = await hears(other, 'expunge');
    // It does not count what VANISHED took away, so it takes two to notice.
    await client.append(path, text('five', 'x'));
    await client.append(path, text('six', 'x'));
    out.heardExists = await hears(other, 'exists');

    out.changed = await all(client, '1:*', { uid: true, flags: true }, { changedSince: known.highestModseq });
    out.searches = [
        await client.search({ subject: 'three' }, { uid: true }),
        await client.search({ body: 'body one' }, { uid: true }),
        await client.search({ keyword: '$Label1' }, { uid: true }),
        await client.search({ emailId: out.fetched[2].emailId }, { uid: true }),
        await client.search({ modseq: Number(known.highestModseq) + 1 }, { uid: true }),
        await client.search({ or: [{ subject: 'one' }, { subject: 'four' }] }, { uid: true })
    ];
    out.copied = await client.messageCopy('1:*', 'Archive');
    out.moved = await client.messageMove({ subject: 'four' }, 'Trash');

    // It was away, and comes back with what it knew.
    await client.mailboxClose();
    client.heard = [];
    out.reopened = await client.mailboxOpen(path, {
        changedSince: known.highestModseq, uidValidity: known.uidValidity
    });
    out.vanished = client.heard.splice(0);
    await client.mailboxClose();
    await other.mailboxClose();
    out.renamed = await client.mailboxRename(path, ['Projekte', 'Später']);
    out.deleted = await client.mailboxDelete(['Projekte', 'Später']);
    await client.logout();
    await other.logout();
    console.log(JSON.stringify(out, plain));
};

main().catch(err => {
    console.error(err);
    process.exit(1);
});
