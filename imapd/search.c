/*
 * search - SEARCH and UID SEARCH (RFC 3501 section 6.4.4), with MODSEQ (RFC
 * 7162 section 3.1.5), what is to be told (RFC 4731) and saved (RFC 5182).
 */
#include <inttypes.h>

#include "imap/searchkey.h"
#include "imap/token.h"
#include "imapd/command.h"
#include "imapd/commands.h"
#include "imapd/msgset.h"
#include "imapd/search_find.h"
#include "imapd/selected.h"
#include "imapd/session.h"

struct search {
	struct command *cmd;
	struct selected *selected;
	struct searchkey_program program;
	struct store_uids found; /* as they are numbered in the answer */
	struct store_uids uids;  /* if they are to be saved */
	uint64_t modseq;         /* the highest of those told */
	uint64_t first, last;    /* modseqs of the first and the last one */
};

static void
found(void *ctx, size_t index, const struct store_message *row)
{
	struct search *search = ctx;
	uint32_t uid = search->selected->view.message[index].uid;
	uint32_t number = search->cmd->uid ? uid : (uint32_t)index + 1;

	if (row != NULL) {
		if (search->found.len == 0)
			search->first = row->modseq;
		search->last = row->modseq;
		if (row->modseq > search->modseq)
			search->modseq = row->modseq;
	}
	store_uids_append(&search->found, number, number);
	if (search->program.results & SEARCHKEY_RETURN_SAVE)
		store_uids_append(&search->uids, uid, uid);
}

/* "* SEARCH 2 3 6" */
static void
put_search(struct search *search, struct buf *out)
{
	(void)buf_addz(out, "* SEARCH");
	for (size_t i = 0; i < search->found.len; i++) {
		const struct store_run *run = &search->found.run[i];

		for (uint64_t n = run->first; n <= run->last; n++) {
			(void)buf_addc(out, ' ');
			(void)buf_add_num(out, n);
		}
	}
	if (search->program.modseq && search->found.len > 0)
		(void)buf_addf(out, " (MODSEQ %" PRIu64 ")",
		    selected_row_modseq(search->selected, search->modseq));
	(void)buf_addz(out, "\r\n");
}

/* RFC 7162 section 3.1.10: of MIN and MAX alone, the MODSEQ of those two */
static void
narrow_modseq(struct search *search)
{
	unsigned results = search->program.results;

	if (results & (SEARCHKEY_RETURN_ALL | SEARCHKEY_RETURN_COUNT))
		return;
	search->modseq = 0;
	if (results & SEARCHKEY_RETURN_MIN)
		search->modseq = search->first;
	if (results & SEARCHKEY_RETURN_MAX && search->last > search->modseq)
		search->modseq = search->last;
}

/* "* ESEARCH (TAG "A1") UID COUNT 5 ALL 4:19,21" (RFC 4731 section 3.1) */
static void
put_esearch(struct search *search, struct buf *out)
{
	unsigned results = search->program.results;
	const struct store_uids *all = &search->found;

	(void)buf_addf(out, "* ESEARCH (TAG \"%" STR_F "\")%s",
	    STR_A(search->cmd->tag), search->cmd->uid ? " UID" : "");
	if (results & SEARCHKEY_RETURN_MIN && all->len > 0)
		(void)buf_addf(out, " MIN %u", all->run[0].first);
	if (results & SEARCHKEY_RETURN_MAX && all->len > 0)
		(void)buf_addf(out, " MAX %u", store_uids_last(all));
	if (results & SEARCHKEY_RETURN_COUNT)
		(void)buf_addf(out, " COUNT %u", store_uids_count(all));
	if (results & SEARCHKEY_RETURN_ALL && all->len > 0) {
		(void)buf_addz(out, " ALL ");
		msgset_put_uids(out, all);
	}
	narrow_modseq(search);
	if (search->program.modseq && all->len > 0)
		(void)buf_addf(out, " MODSEQ %" PRIu64,
		    selected_row_modseq(search->selected, search->modseq));
	(void)buf_addz(out, "\r\n");
}

/*
 * RFC 5182 section 2.1: MIN and MAX alone save no more than they tell. A
 * search that fails saves nothing.
 */
static void
save(struct search *search, bool failed)
{
	unsigned results = search->program.results;
	struct store_uids *saved = &search->selected->saved;

	if ((results & SEARCHKEY_RETURN_SAVE) == 0)
		return;
	store_uids_clear(saved);
	if (failed || search->uids.len == 0)
		return;
	if ((results & (SEARCHKEY_RETURN_MIN | SEARCHKEY_RETURN_MAX)) != 0 &&
	    (results & (SEARCHKEY_RETURN_ALL | SEARCHKEY_RETURN_COUNT)) == 0) {
		uint32_t min = search->uids.run[0].first,
			 max = store_uids_last(&search->uids);

		if (results & SEARCHKEY_RETURN_MIN)
			store_uids_append(saved, min, min);
		if (results & SEARCHKEY_RETURN_MAX &&
		    store_uids_last(saved) < max)
			store_uids_append(saved, max, max);
		return;
	}
	*saved = search->uids;
	search->uids = (struct store_uids){ 0 };
}

static void
run(struct search *search)
{
	struct command *cmd = search->cmd;
	struct buf out;
	struct err err;
	int ret = search_find(cmd, &search->program, found, search, &err);

	if (ret < 0)
		command_trouble(cmd, &err);
	else
		command_ok(cmd, "done");
	save(search, ret < 0);
	buf_init(&out, 0);
	/*
	 * What was found so far is no lie, even where not all was looked at; as
	 * a count, or as the highest of all, it would be one.
	 */
	if (search->program.results == 0)
		put_search(search, &out);
	else if (ret == 0 && search->program.results != SEARCHKEY_RETURN_SAVE)
		put_esearch(search, &out);
	stream_put(cmd->session->stream, buf_str(&out));
	buf_clear(&out);
}

void
search_run(struct command *cmd)
{
	struct search search = { .cmd = cmd,
		.selected = cmd->session->selected };
	struct searchkey_view view;
	struct err err;

	if (token_sp(&cmd->in, &err) < 0 || search_view(cmd, &view, &err) < 0 ||
	    searchkey_parse(cmd->arena, &cmd->in, &view, &search.program,
		&err) < 0) {
		command_syntax(cmd, &err);
		return;
	}
	/* RFC 9051 section 6.4.4: no SEARCH response, and ALL if nothing else
	 */
	if (search.program.results == 0 &&
	    enabled_is(cmd->session, ENABLED_REV2))
		search.program.results = SEARCHKEY_RETURN_ALL;
	if (search_begin(cmd, &search.program) < 0) {
		save(&search, true);
		return;
	}
	run(&search);
	store_uids_clear(&search.found);
	store_uids_clear(&search.uids);
}
