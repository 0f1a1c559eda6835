#include "authd/resume.h"

#include <stdlib.h>

#include "authd/tell.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

struct resume {
	struct list link;
	struct authd *authd;
	struct ipc_peer *peer; /* NULL: who asked is gone */
	uint16_t tag;
	int64_t since;
	char *session, *user, *service, *mech;
};

static void
resume_free(struct resume *resume)
{
	list_remove(&resume->link);
	free(resume->session);
	free(resume->user);
	free(resume->service);
	free(resume->mech);
	free(resume);
}

/* Of the name as the directory has it, however front writes it. */
static int
make_ticket(const struct resume *resume, const struct password_owner *owner,
    struct buf *out, struct err *err)
{
	struct authd *authd = resume->authd;
	struct ticket ticket = {
		.session = str_of(resume->session),
		.user = owner->name,
		.issued = tell_not_before(authd->tell, owner->name),
		.service = str_of(resume->service),
		.mech = str_of(resume->mech),
	};

	return facts_sign(owner->facts, &ticket, authd->conf.ticket_time,
	    authd->signer, out, err);
}

/* owner NULL: nobody could be asked, and the old ticket is to do. */
static void
go_on(struct resume *resume, const struct password_owner *owner)
{
	struct auth_step step = {
		.status = AUTH_OK,
		.user = owner != NULL ? owner->name : str_of(resume->user),
	};
	struct buf ticket;
	struct err err;

	buf_init(&ticket, AUTH_TICKET_MAX);
	if (owner != NULL && make_ticket(resume, owner, &ticket, &err) < 0) {
		log_warn("parked session: %s", err.text);
		step.status = AUTH_TEMP;
	}
	step.ticket = buf_str(&ticket);
	ipc_peer_send(resume->peer, &auth_step_msg, resume->tag, &step);
	buf_clear(&ticket);
}

static void
on_looked(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err)
{
	const struct auth_step no = { .status = AUTH_FAIL };
	struct resume *resume = ctx;

	if (resume->peer == NULL) {
		resume_free(resume);
		return;
	}
	if (result == PASSWORD_TEMP)
		log_warn("parked session goes on unasked: %s", err->text);
	if (result == PASSWORD_TEMP)
		go_on(resume, NULL);
	else if (result == PASSWORD_WRONG || resume->since < owner->not_before)
		ipc_peer_send(resume->peer, &auth_step_msg, resume->tag, &no);
	else
		go_on(resume, owner);
	resume_free(resume);
}

static char *
keep(struct str s)
{
	return xstrndup(s.p, s.len);
}

void
resume_start(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct auth_resume *msg = in;
	struct authd *authd = ipc_peer_ctx(peer);
	struct resume *resume;
	struct err err;

	if (!str_eqz(str_of(ipc_peer_role(peer)), "front")) {
		(void)err_set(&err, ERR_DENIED, "only front may");
		ipc_peer_error(peer, tag, &err);
		return;
	}
	resume = xcalloc(1, sizeof(*resume));
	resume->authd = authd;
	resume->peer = peer;
	resume->tag = tag;
	resume->since = (int64_t)msg->since;
	resume->session = keep(msg->session);
	resume->user = keep(msg->user);
	resume->service = keep(msg->service);
	resume->mech = keep(msg->mech);
	list_push(&authd->resumes, &resume->link);
	/*
	 * Counted already, unless we were started anew meanwhile. Now, and not
	 * when the directory has answered: auth_end may come before that.
	 */
	count_begin(authd->count, peer, msg->session, msg->user);
	authd_show_sessions(authd);
	password_look(authd->password, msg->user, on_looked, resume);
}

void
resume_forget_peer(struct authd *authd, struct ipc_peer *peer)
{
	LIST_FOREACH(link, &authd->resumes)
	{
		struct resume *resume = LIST_ITEM(link, struct resume, link);

		if (resume->peer == peer)
			resume->peer = NULL;
	}
}

void
resume_free_all(struct authd *authd)
{
	while (!list_is_empty(&authd->resumes))
		resume_free(
		    LIST_ITEM(authd->resumes.next, struct resume, link));
}
