/*
 * user - rewrite_user: the record of the mailbox owner behind an address.
 */
#include "rewrite/route.h"

struct user {
	struct str address;
};

static enum job_result
run(struct job *job, struct err *err)
{
	struct user *user = job->state;
	struct rewrite_user_answer answer = { .status = REWRITE_UNKNOWN };
	struct class_found found = { .status = REWRITE_UNKNOWN };
	struct address parts = { .has_detail = false };

	if (address_parse(&parts, user->address,
		rewrite_delimiter(job->rewrite), job->arena, err) == 0) {
		enum job_result result = class_find(job, &parts, &found, err);

		if (result != JOB_DONE)
			return result;
	}
	answer.status = (uint8_t)found.status;
	if (found.status == REWRITE_OK &&
	    (found.record == NULL || found.record->kind != RECORD_USER))
		answer.status = REWRITE_UNKNOWN;
	if (answer.status == REWRITE_OK) {
		answer.user = found.record->owner;
		answer.detail = parts.detail;
		answer.partition = route_partition(&found);
		answer.quota = route_quota(&found);
		answer.quota_messages = route_count(&found);
		answer.mailbox = found.record->mailbox;
	}
	return job_answer(job, &rewrite_user_answer_msg, &answer);
}

void
user_ask(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct rewrite_user *req = in;
	struct job *job =
	    job_new(ipc_peer_ctx(peer), peer, tag, run, sizeof(struct user));
	struct user *user = job->state;

	user->address = arena_str(job->arena, req->address);
	job_run(job);
}
