/*
 * list - LIST and LSUB (RFC 3501 sections 6.3.8 and 6.3.9), with the options
 * of RFC 5258 (LIST-EXTENDED), RFC 5819 (LIST-STATUS) and RFC 6154
 * (SPECIAL-USE), which are of IMAP4rev2 as well.
 */
#include "base/hash.h"
#include "imap/listpat.h"
#include "imap/statusatt.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/reply.h"
#include "imapd/session.h"
#include "imapd/special.h"
#include "imapd/status.h"
#include "store/mailbox.h"

enum {
	PATTERNS_MAX = 32,
	FLUSH = 64 * 1024, /* bytes of responses before they are handed on */
	DELIMITER = '/',

	/* Options; those to select by and those to return have one name. */
	OPT_SUBSCRIBED = 1,
	OPT_SPECIAL_USE = 2,
	OPT_REMOTE = 4,
	OPT_RECURSIVE = 8,
	OPT_CHILDREN = 16,
};

static const struct option {
	struct str word;
	unsigned bit;
	bool selects, returns;
} options[] = {
	{ { "SUBSCRIBED", 10 }, OPT_SUBSCRIBED, true, true },
	{ { "SPECIAL-USE", 11 }, OPT_SPECIAL_USE, true, true },
	{ { "REMOTE", 6 }, OPT_REMOTE, true, false },
	{ { "RECURSIVEMATCH", 14 }, OPT_RECURSIVE, true, false },
	{ { "CHILDREN", 8 }, OPT_CHILDREN, false, true },
};

struct list {
	struct command *cmd;
	const char *response; /* "LIST" or "LSUB" */
	bool extended;
	bool asks_root; /* the pattern is "" (RFC 3501 section 6.3.8) */
	unsigned select, give;
	unsigned status; /* items of a STATUS for each (RFC 5819), or 0 */
	struct str reference;
	struct listpat *pattern;
	size_t patterns;

	struct store_entry *entry; /* all of the user's, by name */
	size_t entries;
	struct hash *told; /* parents, so that each is told once */
	struct buf out, name;
};

/*
 * [option *(SP option)] ")"; among those to return, where status is not NULL,
 * "STATUS" SP "(" status-att *(SP status-att) ")"
 */
static int
parse_options(struct command *cmd, bool selects, unsigned *bits,
    unsigned *status, struct err *err)
{
	struct str word;
	size_t i;

	if (str_take(&cmd->in, ')'))
		return 0;
	do {
		if (status != NULL && str_itake_str(&cmd->in, STR("STATUS "))) {
			if (statusatt_parse(&cmd->in, status, err) < 0)
				return -1;
			continue;
		}
		if (token_atom(&cmd->in, &word, err) < 0)
			return -1;
		for (i = 0; i < NELEMS(options); i++)
			if (str_ieq(word, options[i].word) &&
			    (selects ? options[i].selects : options[i].returns))
				break;
		if (i == NELEMS(options))
			return err_set(err, ERR_SYNTAX, "no such option");
		*bits |= options[i].bit;
	} while (str_take(&cmd->in, ' '));
	return token_char(&cmd->in, ')', err);
}

/*
 * The pattern behind its reference, as UTF-8. "*" and "%" are never in base64,
 * so decoding leaves them as they are. One that no name can match, and "", is
 * left out (RFC 5258 section 3).
 */
static int
add_pattern(struct list *list, struct err *err)
{
	struct err ignored;
	struct str wire;
	struct buf utf8;

	if (token_list_mailbox(list->cmd->arena, &list->cmd->in, &wire, err) <
	    0)
		return -1;
	if (list->patterns == PATTERNS_MAX)
		return err_set(err, ERR_LIMIT, "too many patterns");
	list->asks_root = wire.len == 0;
	if (list->asks_root)
		return 0;
	buf_init(&utf8, 4 * LISTPAT_MAX);
	(void)buf_add_str(&utf8, list->reference);
	if (command_utf8(list->cmd->session, &utf8, wire, &ignored) == 0 &&
	    listpat_init(&list->pattern[list->patterns], buf_str(&utf8),
		DELIMITER, &ignored) == 0)
		list->patterns++;
	buf_clear(&utf8);
	return 0;
}

/* mbox-or-pat = list-mailbox / "(" list-mailbox *(SP list-mailbox) ")" */
static int
parse_patterns(struct list *list, struct err *err)
{
	struct command *cmd = list->cmd;

	list->pattern =
	    arena_alloc(cmd->arena, PATTERNS_MAX * sizeof(list->pattern[0]));
	if (list->pattern == NULL)
		return err_set(err, ERR_LIMIT, "command too large");
	if (!str_take(&cmd->in, '('))
		return add_pattern(list, err);
	list->extended = true;
	do {
		if (add_pattern(list, err) < 0)
			return -1;
	} while (str_take(&cmd->in, ' '));
	return token_char(&cmd->in, ')', err);
}

/* [SP list-select-opts], in front of the reference */
static int
parse_selection(struct list *list, struct err *err)
{
	struct command *cmd = list->cmd;

	if (!str_take_str(&cmd->in, STR(" (")))
		return 0;
	list->extended = true;
	if (parse_options(cmd, true, &list->select, NULL, err) < 0)
		return -1;
	if (list->select & OPT_RECURSIVE &&
	    (list->select & (OPT_SUBSCRIBED | OPT_SPECIAL_USE)) == 0)
		return err_set(err, ERR_SYNTAX,
		    "RECURSIVEMATCH needs another option");
	return 0;
}

static int
parse_return(struct list *list, struct err *err)
{
	struct command *cmd = list->cmd;

	if (str_itake_str(&cmd->in, STR(" RETURN ("))) {
		list->extended = true;
		if (parse_options(cmd, false, &list->give, &list->status, err) <
		    0)
			return -1;
	}
	return token_end(&cmd->in, err);
}

static bool
matches(const struct list *list, struct str name)
{
	/* INBOX and what is below it: that much is without case. */
	size_t caseless =
	    str_eq(name, STR("INBOX")) || str_starts(name, STR("INBOX/")) ? 5 :
									    0;

	for (size_t i = 0; i < list->patterns; i++)
		if (listpat_match(&list->pattern[i], name, caseless))
			return true;
	return false;
}

/* The first entry whose name is not below name. */
static size_t
find_entry(const struct list *list, struct str name)
{
	size_t from = 0, to = list->entries;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (str_cmp(list->entry[mid].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool
exists(const struct store_entry *entry)
{
	return entry->mailbox != 0 && entry->type == STORE_TYPE_MAIL;
}

static bool
is_selected(const struct list *list, const struct store_entry *entry)
{
	if (entry->mailbox != 0 && entry->type != STORE_TYPE_MAIL)
		return false;
	if (list->select & OPT_SUBSCRIBED)
		return entry->subscribed &&
		    ((list->select & OPT_SPECIAL_USE) == 0 ||
			entry->use != STORE_USE_NONE);
	if (list->select & OPT_SPECIAL_USE)
		return exists(entry) && entry->use != STORE_USE_NONE;
	return exists(entry);
}

/* Does a mailbox stand below name? selected: one the options select. */
static bool
has_children(struct list *list, struct str name, bool selected)
{
	struct str below;

	buf_reset(&list->name);
	(void)buf_add_str(&list->name, name);
	(void)buf_addc(&list->name, DELIMITER);
	below = buf_str(&list->name);
	for (size_t i = find_entry(list, below);
	     i < list->entries && str_starts(list->entry[i].name, below); i++)
		if (selected ? is_selected(list, &list->entry[i]) :
			       exists(&list->entry[i]))
			return true;
	return false;
}

static void
put_attribute(struct list *list, size_t *count, const char *word)
{
	if ((*count)++ > 0)
		(void)buf_addc(&list->out, ' ');
	(void)buf_addz(&list->out, word);
}

static void
put_name(struct list *list, struct str name)
{
	(void)buf_addf(&list->out, ") \"%c\" ", DELIMITER);
	reply_put_mailbox(list->cmd->session, &list->out, name);
}

/* entry NULL: a name that is there for what is below it alone. */
static void
tell(struct list *list, struct str name, const struct store_entry *entry,
    bool childinfo)
{
	bool lsub = list->response[1] == 'S';
	size_t count = 0;

	(void)buf_addf(&list->out, "* %s (", list->response);
	if (lsub) {
		/* RFC 3501 section 6.3.9: \Noselect says: not subscribed */
		if (entry == NULL)
			put_attribute(list, &count, "\\Noselect");
	} else {
		if (entry == NULL || !exists(entry))
			put_attribute(list, &count,
			    list->extended ||
				    enabled_is(list->cmd->session,
					ENABLED_REV2) ?
				"\\NonExistent" :
				"\\Noselect");
		put_attribute(list, &count,
		    has_children(list, name, false) ? "\\HasChildren" :
						      "\\HasNoChildren");
		if (entry != NULL && entry->use != STORE_USE_NONE)
			put_attribute(list, &count,
			    special_name((enum store_use)entry->use));
		if (entry != NULL && entry->subscribed &&
		    ((list->select | list->give) & OPT_SUBSCRIBED))
			put_attribute(list, &count, "\\Subscribed");
	}
	put_name(list, name);
	if (childinfo)
		(void)buf_addf(&list->out, " (\"CHILDINFO\" (\"%s\"))",
		    list->select & OPT_SUBSCRIBED ? "SUBSCRIBED" :
						    "SPECIAL-USE");
	(void)buf_addz(&list->out, "\r\n");
}

/*
 * What stands above a name and is not listed for its own sake: a name whose
 * mailbox was deleted, or one that is not subscribed.
 */
static void
tell_parents(struct list *list, struct str name, bool childinfo)
{
	static char told;
	ptrdiff_t at;

	while ((at = str_rchr(name, DELIMITER)) > 0) {
		const struct store_entry *entry = NULL;
		size_t i;

		name = str_sub(name, 0, (size_t)at);
		i = find_entry(list, name);
		if (i < list->entries && str_eq(list->entry[i].name, name))
			entry = &list->entry[i];
		if ((entry != NULL && is_selected(list, entry)) ||
		    !matches(list, name) || hash_get(list->told, name) != NULL)
			continue;
		(void)hash_put(list->told, name, &told);
		tell(list, name, childinfo ? entry : NULL, childinfo);
	}
}

/* One that was deleted meanwhile, or may not be read, has none. */
static void
tell_status(struct list *list, const struct store_entry *entry)
{
	struct session *session = list->cmd->session;
	struct err err;

	if (status_put(session, &list->out, entry->name, entry->mailbox,
		list->status, &err) < 0 &&
	    err.kind != ERR_NOENT && err.kind != ERR_DENIED)
		(void)reply_trouble(session, &err);
}

/*
 * RFC 3501 section 6.3.9: LSUB tells parents only where the name itself does
 * not match, and so does RECURSIVEMATCH (RFC 5258 section 3.5). LIST tells
 * those that are no mailboxes (section 6.3.4), if all are to be listed.
 */
static void
tell_entry(struct list *list, const struct store_entry *entry)
{
	bool all = list->select == 0, found = matches(list, entry->name);
	bool recursive = list->select & OPT_RECURSIVE;

	if (all || (!found && (list->response[1] == 'S' || recursive)))
		tell_parents(list, entry->name, recursive);
	if (!found)
		return;
	tell(list, entry->name, entry,
	    recursive && has_children(list, entry->name, true));
	if (list->status != 0 && exists(entry))
		tell_status(list, entry);
}

static void
tell_all(struct list *list)
{
	struct stream *stream = list->cmd->session->stream;

	for (size_t i = 0; i < list->entries; i++) {
		if (!is_selected(list, &list->entry[i]))
			continue;
		tell_entry(list, &list->entry[i]);
		if (list->out.len > FLUSH) {
			stream_put(stream, buf_str(&list->out));
			buf_reset(&list->out);
		}
	}
	stream_put(stream, buf_str(&list->out));
}

static void
run(struct list *list)
{
	struct command *cmd = list->cmd;
	struct session *session = cmd->session;
	struct err err;

	if (!list->extended && list->asks_root) {
		/* Whatever the reference: no name of ours has a root. */
		reply_untagged(session, "%s (\\Noselect) \"/\" \"\"",
		    list->response);
		command_ok(cmd, "done");
		return;
	}
	if (store_mailbox_list(session->imapd->reader, session->user_id,
		cmd->arena, &list->entry, &list->entries, &err) < 0) {
		command_trouble(cmd, &err);
		return;
	}
	list->told = hash_new();
	buf_init(&list->out, 0);
	buf_init(&list->name, 0);
	tell_all(list);
	buf_clear(&list->name);
	buf_clear(&list->out);
	hash_free(list->told);
	command_ok(cmd, "done");
}

void
list_list(struct command *cmd)
{
	struct list list = { .cmd = cmd, .response = "LIST" };
	struct err err;

	if (parse_selection(&list, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (command_mailbox(cmd, &list.reference) < 0)
		return;
	if (token_sp(&cmd->in, &err) < 0 || parse_patterns(&list, &err) < 0 ||
	    parse_return(&list, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (list.status & STATUS_HIGHESTMODSEQ)
		enabled_add(cmd->session, ENABLED_CONDSTORE);
	run(&list);
}

void
list_lsub(struct command *cmd)
{
	struct list list = { .cmd = cmd,
		.response = "LSUB",
		.select = OPT_SUBSCRIBED };
	struct err err;

	if (command_mailbox(cmd, &list.reference) < 0)
		return;
	if (token_sp(&cmd->in, &err) < 0 || parse_patterns(&list, &err) < 0 ||
	    token_end(&cmd->in, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	run(&list);
}
