/*
 * sender - rewrite_sender: may a user send under an address?
 *
 * Under the own address and its alternates, under what mailSenderAddress
 * allows (an address or a whole "@domain"), under an alias that has the user
 * among its direct targets, each with any detail; and under the null sender,
 * as notifications need it (RFC 8098 section 3).
 */
#include "rewrite/class.h"

struct sender {
	struct str user, address;
};

static bool
is_own(const struct record *user, struct str name, struct str domain)
{
	return str_ieq(user->mail, name) || str_ieq(user->owner, name) ||
	    record_strs_have(&user->alternates, name) ||
	    record_strs_have(&user->senders, name) ||
	    record_strs_have(&user->alternates, domain) ||
	    record_strs_have(&user->senders, domain);
}

static enum job_result
decide(struct job *job, bool *allowed, struct err *err)
{
	struct sender *sender = job->state;
	struct address parts, all = { 0 };
	const struct record *user, *alias;
	enum job_result result;
	struct str plain, domain;

	*allowed = false;
	result = job_look(job, SOURCE_OWNER,
	    address_lower(sender->user, job->arena), &user, err);
	if (result != JOB_DONE || user->kind != RECORD_USER ||
	    user->status != RECORD_ACTIVE)
		return result;
	if (sender->address.len == 0) {
		*allowed = true;
		return JOB_DONE;
	}
	if (address_parse(&parts, sender->address,
		rewrite_delimiter(job->rewrite), job->arena, err) < 0)
		return JOB_DONE;
	all.domain = parts.domain;
	plain = address_plain(&parts, job->arena);
	domain = address_plain(&all, job->arena);
	if (plain.p == NULL || domain.p == NULL)
		return job_too_large(err);
	*allowed = is_own(user, plain, domain) ||
	    is_own(user, sender->address, domain);
	if (*allowed)
		return JOB_DONE;
	result = job_look(job, SOURCE_ADDRESS, plain, &alias, err);
	if (result == JOB_DONE && alias->kind == RECORD_ALIAS)
		*allowed = record_strs_have(&alias->forwards, user->mail);
	return result;
}

static enum job_result
run(struct job *job, struct err *err)
{
	struct rewrite_sender_answer answer;
	enum job_result result = decide(job, &answer.allowed, err);

	if (result != JOB_DONE)
		return result;
	return job_answer(job, &rewrite_sender_answer_msg, &answer);
}

void
sender_ask(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct rewrite_sender *req = in;
	struct job *job =
	    job_new(ipc_peer_ctx(peer), peer, tag, run, sizeof(struct sender));
	struct sender *sender = job->state;

	sender->user = arena_str(job->arena, req->user);
	sender->address = arena_str(job->arena, req->address);
	job_run(job);
}
