/*
 * store - STORE and UID STORE (RFC 3501 section 6.4.6), also on the condition
 * that nobody else changed a message (RFC 7162 section 3.1.3): that is judged
 * by stored, who alone knows what comes before what.
 */
#include "imap/flags.h"
#include "imap/modifier.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/msgset.h"
#include "imapd/selected.h"
#include "imapd/session.h"
#include "imapd/sync.h"
#include "store/client.h"

struct order {
	struct seqset set;
	struct imap_flags flags;
	enum store_flags_mode mode;
	bool silent;
	struct modifier_store modifier;
	struct store_uids rejected; /* changed since; cleared at the end */
	/* what the user's rights let through, as stored says */
	uint16_t allowed;
	bool keywords_allowed;
};

/*
 * [store-modifiers] SP store-att-flags
 * store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP flags
 */
static int
parse_order(struct command *cmd, struct order *order, struct err *err)
{
	if (modifier_parse_store(&cmd->in, &order->modifier, err) < 0 ||
	    token_sp(&cmd->in, err) < 0)
		return -1;
	order->mode = STORE_FLAGS_REPLACE;
	if (str_take(&cmd->in, '+'))
		order->mode = STORE_FLAGS_ADD;
	else if (str_take(&cmd->in, '-'))
		order->mode = STORE_FLAGS_REMOVE;
	if (!str_itake_str(&cmd->in, STR("FLAGS")))
		return err_set(err, ERR_SYNTAX, "FLAGS expected");
	order->silent = str_itake_str(&cmd->in, STR(".SILENT"));
	if (token_sp(&cmd->in, err) < 0 ||
	    imap_flags_parse(cmd->arena, &cmd->in, &order->flags, err) < 0)
		return -1;
	return token_end(&cmd->in, err);
}

/* What is not allowed stays as it is. */
static uint64_t
apply(enum store_flags_mode mode, uint64_t old, uint64_t change,
    uint64_t allowed)
{
	switch (mode) {
	case STORE_FLAGS_ADD:
		return old | (change & allowed);
	case STORE_FLAGS_REMOVE:
		return old & ~(change & allowed);
	default:
		return (old & ~allowed) | (change & allowed);
	}
}

/*
 * Make of the view what the client expects now. What the store then really
 * has is compared with that: where somebody else changed a flag too, the
 * client hears of it even after .SILENT, as section 6.4.6 asks.
 */
static void
expect(struct selected *selected, const struct command *cmd,
    const struct order *order)
{
	struct view *view = &selected->view;
	struct msgset_walk walk;
	uint64_t keywords = 0;
	size_t i;

	for (size_t k = 0; k < order->flags.keywords; k++)
		keywords |=
		    selected_keyword_bit(selected, order->flags.keyword[k]);
	msgset_begin(&walk, view, &order->set, cmd->uid);
	while ((i = msgset_next(&walk)) != VIEW_NONE) {
		/* RFC 7162 section 3.1.3: their MODSEQ is told in any case */
		if (order->modifier.conditional)
			view_mark(view, i, VIEW_MOVED, true);
		if (store_uids_has(&order->rejected, view->message[i].uid)) {
			view_mark(view, i, VIEW_DIRTY, true);
			continue;
		}
		(void)view_set(view, i,
		    (unsigned)apply(order->mode, view_flags(view, i),
			order->flags.bits, order->allowed),
		    apply(order->mode, view_keywords(view, i), keywords,
			order->keywords_allowed ? UINT64_MAX : 0));
		if (!order->silent)
			view_mark(view, i, VIEW_DIRTY, true);
	}
}

/* A keyword that we do not know the bit of; bits stay what they are. */
static bool
has_new(const struct selected *selected, const struct imap_flags *flags)
{
	for (size_t i = 0; i < flags->keywords; i++)
		if (selected_keyword_bit(selected, flags->keyword[i]) == 0)
			return true;
	return false;
}

static int
change_flags(struct session *session, const struct command *cmd,
    struct order *order, struct err *err)
{
	struct selected *selected = session->selected;
	struct store_uids uids;
	struct store_flags_change change = {
		.mailbox = selected->mailbox,
		.uids = &uids,
		.mode = order->mode,
		.flags = (uint16_t)order->flags.bits,
		.keywords = order->flags.keyword,
		.keyword_count = order->flags.keywords,
		.unchanged_since = order->modifier.since,
	};
	uint64_t modseq;
	int ret = 0;

	msgset_uids(&selected->view, &order->set, cmd->uid, &uids);
	if (uids.len > 0)
		ret = store_client_flags(session->store, &change, &modseq,
		    &order->rejected, err);
	order->allowed = change.allowed;
	order->keywords_allowed = change.keywords_allowed;
	store_uids_clear(&uids);
	/* Keywords that are new to the mailbox have their bits now. */
	if (ret == 0 && has_new(session->selected, &order->flags))
		ret = selected_reload_keywords(session, session->selected, err);
	return ret;
}

/*
 * "OK [MODIFIED 7,9]": those that failed, numbered as the client named them.
 */
static void
answer(struct command *cmd, const struct order *order)
{
	const struct view *view = &cmd->session->selected->view;
	struct store_uids numbers = { 0 };
	struct buf out;

	if (order->rejected.len == 0) {
		command_ok(cmd, "done");
		return;
	}
	for (size_t i = 0; i < view->len && !cmd->uid; i++)
		if (store_uids_has(&order->rejected, view->message[i].uid))
			store_uids_append(&numbers, (uint32_t)i + 1,
			    (uint32_t)i + 1);
	buf_init(&out, 0);
	(void)buf_addz(&out, "[MODIFIED ");
	msgset_put_uids(&out, cmd->uid ? &order->rejected : &numbers);
	(void)buf_addz(&out, "] some were changed meanwhile");
	cmd->word = "OK";
	cmd->text = arena_cstr(cmd->arena, buf_str(&out));
	if (cmd->text == NULL)
		command_no(cmd, "[LIMIT] too many were changed meanwhile");
	buf_clear(&out);
	store_uids_clear(&numbers);
}

/* The FETCH responses are the news that the end of the command tells. */
void
store_command(struct command *cmd)
{
	struct session *session = cmd->session;
	struct order order = { 0 };
	struct err err;

	if (msgset_parse(cmd, &order.set) < 0)
		return;
	if (parse_order(cmd, &order, &err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	if (session->selected->read_only) {
		command_no(cmd, "[READ-ONLY] mailbox is selected read-only");
		return;
	}
	if (order.modifier.conditional)
		enabled_add(session, ENABLED_CONDSTORE);
	if (change_flags(session, cmd, &order, &err) < 0) {
		command_trouble(cmd, &err);
	} else {
		expect(session->selected, cmd, &order);
		answer(cmd, &order);
	}
	store_uids_clear(&order.rejected);
}
