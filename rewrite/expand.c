/*
 * expand - rewrite_rcpt: who gets what is addressed to an address.
 *
 * Aliases and forwardings are followed breadth first; an address met twice is
 * followed once, so circles end. What is left at the ends are mailboxes and
 * addresses elsewhere, each once; the latter with a sender of ours (SRS) when
 * the message comes from elsewhere too.
 */
#include "base/log.h"
#include "base/time.h"
#include "rewrite/route.h"

struct item {
	struct str text;
	struct str forwarder; /* whose entry led here */
	int depth;
};

struct expand {
	struct item *item; /* all that were ever queued, in the arena */
	size_t items, at, room;
	struct rewrite_target *target;
	size_t targets;
	struct str sender;   /* of MAIL FROM */
	bool cut;            /* too deep or too many */
	bool sender_foreign; /* it is of a domain not ours */
	bool rewrites;       /* the target at hand gets a sender of ours */
	bool foreign;        /* the address asked for is not ours */
	bool outside;        /* something goes where we have no way to */
	size_t full;         /* targets that have no room */
};

static int
too_large(struct err *err)
{
	(void)job_too_large(err);
	return -1;
}

/* false when it is too much; what is there already is taken as done. */
static bool
push(struct job *job, struct str text, struct str forwarder, int depth)
{
	struct expand *e = job->state;

	for (size_t i = 0; i < e->items; i++) {
		if (str_ieq(e->item[i].text, text))
			return true;
	}
	if (e->items == REWRITE_ITEMS_MAX || depth > REWRITE_DEPTH_MAX) {
		e->cut = true;
		return true;
	}
	if (e->items == e->room) {
		size_t room = e->room == 0 ? 8 : e->room * 2;
		struct item *item =
		    arena_calloc(job->arena, room, sizeof(*item));

		if (item == NULL)
			return false;
		if (e->items > 0)
			memcpy(item, e->item, e->items * sizeof(*item));
		e->item = item;
		e->room = room;
	}
	text = arena_str(job->arena, text);
	e->item[e->items++] = (struct item){ text, forwarder, depth };
	return text.p != NULL;
}

/*
 * What is forwarded to another site leaves with a sender of ours, which leads
 * back. One that cannot be rewritten stays, and may be refused there.
 */
static void
rewrite_sender(struct job *job, struct rewrite_target *target)
{
	struct expand *e = job->state;
	struct buf sender;
	struct err err;

	buf_init(&sender, REWRITE_ADDRESS_MAX);
	if (srs_forward(&sender, &job->rewrite->srs, e->sender,
		time_real() / TIME_SECOND, &err) < 0)
		log_info("sender not rewritten: %s", err.text);
	else
		target->sender = arena_str(job->arena, buf_str(&sender));
	buf_clear(&sender);
}

static int
add_target(struct job *job, struct str address, struct str forwarder,
    const struct class_found *found, const struct address *parts,
    struct err *err)
{
	struct expand *e = job->state;
	struct rewrite_target target = {
		.address = address,
		.sender = STR(""),
		.forwarder = forwarder,
	};
	int way;

	if (address.p == NULL)
		return too_large(err);
	way = route_target(job, found, parts, &target, err);
	if (way < 0)
		return -1;
	if (way > 0) {
		char name[400];

		log_warn("%s is elsewhere, and there is no transport to it",
		    log_escape(name, sizeof(name), address));
		e->outside = true;
		return 0;
	}
	for (size_t i = 0; i < e->targets; i++) {
		if (str_ieq(e->target[i].address, address))
			return 0;
	}
	if (e->rewrites)
		rewrite_sender(job, &target);
	if (target.sender.p == NULL)
		return too_large(err);
	if (e->target == NULL)
		e->target = arena_calloc(job->arena, REWRITE_TARGETS_MAX,
		    sizeof(*e->target));
	if (e->target == NULL)
		return too_large(err);
	if (e->targets == REWRITE_TARGETS_MAX) {
		e->cut = true;
		return 0;
	}
	e->target[e->targets++] = target;
	return 0;
}

/*
 * mail with the detail of parts, if it is to be kept, and if it fits: whoever
 * writes to a short alias may choose a detail too long for what that stands
 * for.
 */
static struct str
with_detail(struct job *job, struct str mail, const struct class_found *found,
    const struct address *parts)
{
	ptrdiff_t at = str_rchr(mail, '@');

	if (!found->keeps_detail || at < 0 ||
	    mail.len + 1 + parts->detail.len > REWRITE_ADDRESS_MAX)
		return mail;
	return str_of(arena_printf(job->arena, "%" STR_F "%c%" STR_F "%" STR_F,
	    STR_A(str_sub(mail, 0, (size_t)at)),
	    rewrite_delimiter(job->rewrite), STR_A(parts->detail),
	    STR_A(str_sub(mail, (size_t)at, mail.len))));
}

static int
follow(struct job *job, const struct item *item,
    const struct class_found *found, const struct address *parts,
    struct err *err)
{
	const struct record *record = found->record;
	struct str forwarder = item->text;
	int depth = item->depth + 1;

	if (found->administrator.len > 0)
		return push(job, found->administrator, forwarder, depth) ?
		    0 :
		    too_large(err);
	if (record == NULL) /* relay or foreign */
		return add_target(job, item->text, item->forwarder, found,
		    parts, err);
	/* one name for all the ways in which somebody can be written to */
	if (record->mail.len > 0) {
		forwarder = arena_str(job->arena, record->mail);
		if (forwarder.p == NULL)
			return too_large(err);
	}
	if (record->kind == RECORD_USER &&
	    full_has(job->rewrite->full, record->owner))
		((struct expand *)job->state)->full++;
	if (record->kind == RECORD_USER &&
	    !(record->forward_only && record->forwards.count > 0) &&
	    add_target(job, with_detail(job, record->mail, found, parts),
		STR(""), found, parts, err) < 0)
		return -1;
	for (size_t i = 0; i < record->forwards.count; i++) {
		struct str to = record->forwards.item[i];

		/* To oneself means: and a copy here. That was done. */
		if (record->kind == RECORD_USER && str_ieq(to, record->mail))
			continue;
		if (record->kind == RECORD_ALIAS)
			to = with_detail(job, to, found, parts);
		if (!push(job, to, forwarder, depth))
			return too_large(err);
	}
	return 0;
}

/* Is the sender's domain ours? It is asked for once. */
static enum job_result
look_sender(struct job *job, struct err *err)
{
	struct expand *e = job->state;
	ptrdiff_t at = str_rchr(e->sender, '@');
	const struct record *domain;
	enum job_result result;
	struct str name;

	name = address_lower(str_sub(e->sender,
				 at < 0 ? e->sender.len : (size_t)at + 1,
				 e->sender.len),
	    job->arena);
	if (name.p == NULL)
		return job_too_large(err);
	if (name.len == 0)
		return JOB_DONE;
	result = job_look(job, SOURCE_DOMAIN, name, &domain, err);
	if (result == JOB_DONE)
		e->sender_foreign = domain->kind == RECORD_NONE;
	return result;
}

/* One of our rewritten senders: it stands for the original. */
static enum job_result
take_returned(struct job *job, const struct item *item,
    enum rewrite_status *status, struct err *err)
{
	struct expand *e = job->state;
	struct buf original;
	struct err why;
	bool fits = true;

	e->at++;
	buf_init(&original, REWRITE_ADDRESS_MAX);
	if (srs_reverse(&original, &job->rewrite->srs, item->text,
		time_real() / TIME_SECOND, &why) == 0) {
		fits = push(job, buf_str(&original), STR(""), item->depth + 1);
	} else {
		log_info("rewritten sender refused: %s", why.text);
		if (item->depth == 0)
			*status = REWRITE_UNKNOWN;
	}
	buf_clear(&original);
	return fits ? JOB_DONE : job_too_large(err);
}

/* One address of the queue. A status other than OK ends the question. */
static enum job_result
step(struct job *job, enum rewrite_status *status, struct err *err)
{
	struct expand *e = job->state;
	struct item item = e->item[e->at];
	struct class_found found;
	struct address parts;
	enum job_result result;
	char name[400];

	*status = REWRITE_OK;
	if (job->rewrite->srs.key.len > 0 &&
	    srs_is_ours(&job->rewrite->srs, item.text))
		return take_returned(job, &item, status, err);
	if (address_parse(&parts, item.text, rewrite_delimiter(job->rewrite),
		job->arena, err) < 0) {
		if (err->kind == ERR_LIMIT)
			return JOB_FAIL;
		found = (struct class_found){ .status = REWRITE_UNKNOWN };
	} else {
		result = class_find(job, &parts, &found, err);
		if (result != JOB_DONE)
			return result;
	}
	e->rewrites = false;
	if (found.status == REWRITE_FOREIGN && item.depth > 0 &&
	    job->rewrite->srs.key.len > 0) {
		result = look_sender(job, err);
		if (result != JOB_DONE)
			return result;
		e->rewrites = e->sender_foreign;
	}
	e->at++;
	if (item.depth == 0) {
		e->foreign = found.status == REWRITE_FOREIGN;
		*status = e->foreign ? REWRITE_OK : found.status;
	}
	if (item.depth > 0 &&
	    (found.status == REWRITE_UNKNOWN ||
		found.status == REWRITE_DISABLED))
		log_warn("alias to %s, which takes no mail",
		    log_escape(name, sizeof(name), item.text));
	if (*status != REWRITE_OK || found.status == REWRITE_UNKNOWN ||
	    found.status == REWRITE_DISABLED)
		return JOB_DONE;
	return follow(job, &item, &found, &parts, err) < 0 ? JOB_FAIL :
							     JOB_DONE;
}

static enum job_result
answer(struct job *job, enum rewrite_status status)
{
	struct expand *e = job->state;
	struct rewrite_rcpt_answer answer = { .status = (uint8_t)status };

	if (status == REWRITE_OK && e->foreign)
		answer.status = REWRITE_FOREIGN;
	else if (status == REWRITE_OK && e->cut)
		answer.status = REWRITE_LOOP;
	else if (status == REWRITE_OK && e->targets == 0)
		answer.status = e->outside ? REWRITE_FOREIGN :
		    e->items > 1           ? REWRITE_LOOP :
					     REWRITE_UNKNOWN;
	if (answer.status == REWRITE_OK || e->foreign) {
		answer.targets.items = e->target;
		answer.targets.count = e->targets;
	}
	answer.full =
	    answer.status == REWRITE_OK && e->targets == 1 && e->full == 1;
	return job_answer(job, &rewrite_rcpt_answer_msg, &answer);
}

static enum job_result
run(struct job *job, struct err *err)
{
	struct expand *e = job->state;
	enum rewrite_status status = REWRITE_OK;

	while (e->at < e->items && status == REWRITE_OK && !e->cut) {
		enum job_result result = step(job, &status, err);

		if (result != JOB_DONE)
			return result;
	}
	return answer(job, status);
}

void
expand_ask(struct ipc_peer *peer, uint16_t tag, const void *in)
{
	const struct rewrite_rcpt *req = in;
	struct job *job =
	    job_new(ipc_peer_ctx(peer), peer, tag, run, sizeof(struct expand));

	((struct expand *)job->state)->sender =
	    arena_str(job->arena, req->sender);
	(void)push(job, req->address, STR(""), 0);
	job_run(job);
}
