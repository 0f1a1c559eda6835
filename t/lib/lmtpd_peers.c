#include "t/lib/lmtpd_peers.h"

#include <errno.h>
#include <stdio.h>

#include "base/attr.h"

void
lmtpd_peers_init(struct lmtpd_peers *peers)
{
	*peers = (struct lmtpd_peers){ 0 };
	buf_init(&peers->asked, 0);
}

void
lmtpd_peers_clear(struct lmtpd_peers *peers)
{
	buf_clear(&peers->asked);
}

static struct str
local_part(struct str address, struct str *detail)
{
	struct str local, rest = address;

	(void)str_split(&rest, '@', &local);
	*detail = local;
	(void)str_split(detail, '+', &local);
	if (detail->p == NULL)
		*detail = STR("");
	return local;
}

static int
user(void *ctx, struct str address, struct rewrite_user_answer *answer,
    struct arena *arena, struct err *err)
{
	static const struct {
		const char *local;
		enum rewrite_status status;
	} statuses[] = {
		{ "unknown", REWRITE_UNKNOWN },
		{ "foreign", REWRITE_FOREIGN },
		{ "disabled", REWRITE_DISABLED },
		{ "loop", REWRITE_LOOP },
		{ "strange", 99 },
	};
	struct str local, detail;

	(void)ctx, (void)arena;
	*answer = (struct rewrite_user_answer){ 0 };
	local = local_part(address, &detail);
	if (str_eqz(local, "away"))
		return err_set(err, ERR_TEMP, "rewrite: away");
	if (str_eqz(local, "unasked"))
		return err_set_cause(err, ERR_TEMP, ERR_CAUSE_DIRECTORY,
		    "directory: no answer");
	for (size_t i = 0; i < NELEMS(statuses); i++) {
		if (str_eqz(local, statuses[i].local))
			answer->status = (uint8_t)statuses[i].status;
	}
	answer->user = local;
	answer->detail = detail;
	answer->partition = STR("default");
	return 0;
}

/* Failures of the whole request. */
static int
whole_failure(struct str name, struct err *err)
{
	if (str_eqz(name, "diskfull")) {
		errno = ENOSPC;
		return err_sys(err, "write pack");
	}
	if (str_eqz(name, "mapfull"))
		return err_set_cause(err, ERR_LIMIT, ERR_CAUSE_FULL,
		    "index: full");
	if (str_eqz(name, "down"))
		return err_set(err, ERR_TEMP, "stored: connection broke");
	return 0;
}

static void
target_result(const struct store_target *target,
    struct store_append_result *result)
{
	static const struct {
		const char *user;
		enum err_kind kind;
		enum err_cause cause;
	} refusals[] = {
		{ "full", ERR_LIMIT, ERR_CAUSE_QUOTA },
		{ "nouids", ERR_LIMIT, ERR_CAUSE_NONE },
		{ "denied", ERR_DENIED, ERR_CAUSE_NONE },
		{ "odd", ERR_SYNTAX, ERR_CAUSE_NONE },
		{ "gone", ERR_NOENT, ERR_CAUSE_NONE },
	};

	for (size_t i = 0; i < NELEMS(refusals); i++) {
		if (!str_eqz(target->user, refusals[i].user))
			continue;
		result->kind = (uint8_t)refusals[i].kind;
		result->cause = (uint8_t)refusals[i].cause;
	}
	if (!str_eqz(target->name, "INBOX") && !str_eqz(target->name, "list"))
		result->kind = ERR_NOENT;
	result->text = STR("refused");
	result->repeated = str_eqz(target->user, "again");
	result->uid = 7;
}

/* Keeps "queue queue-id number user mailbox prefix-length body-length". */
static int
append(void *ctx, const struct store_append *req, struct arena *arena,
    struct store_appended *answer, struct err *err)
{
	const struct store_target *targets = req->targets.items;
	struct store_append_result *results =
	    arena_calloc(arena, req->targets.count, sizeof(*results));
	struct lmtpd_peers *peers = ctx;

	peers->appends++;
	for (size_t i = 0; i < req->targets.count; i++) {
		const struct store_target *t = &targets[i];

		(void)buf_addf(&peers->asked,
		    "%llx %" STR_F " %u %" STR_F " %" STR_F " %zu %zu\n",
		    (unsigned long long)req->queue, STR_A(req->queue_id),
		    t->number, STR_A(t->user), STR_A(t->name), t->prefix.len,
		    req->body.len);
		if (whole_failure(t->user, err) < 0)
			return -1;
		target_result(t, &results[i]);
	}
	answer->results = (struct ipc_list){ results, req->targets.count };
	return 0;
}

const struct peers_ops lmtpd_peers_ops = {
	.user = user,
	.append = append,
};
