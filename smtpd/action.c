/*
 * What the values of access tables mean: Postfix's access(5).
 */
#include <stdio.h>

#include "base/log.h"
#include "base/num.h"
#include "smtpd/check.h"
#include "smtpproto/reply.h"

/* One value being acted upon. */
struct action {
	struct access_run *run;
	const struct access_step *step;
	enum access_subject subject;
	struct str text; /* behind the word */
};

typedef enum access_verdict action_fn(struct action *action);

/* For the log: what was decided, and by which table. */
static void
note(const struct action *action, const char *what)
{
	struct session *s = action->run->s;
	struct str value;

	(void)access_value(action->run, action->subject, &value);
	log_info("%s: %s: %s from %s: %s %" STR_F ": %" STR_F "; from=<%" STR_F
		 "> proto=%s helo=<%" STR_F ">",
	    s->t.id[0] != '\0' ? s->t.id : "NOQUEUE", what,
	    action->step->rule == NULL ? "list" : action->step->rule->name,
	    session_client(s),
	    action->step->argument == NULL ? "" : action->step->argument,
	    STR_A(value), STR_A(action->text), STR_A(s->t.sender.address),
	    session_protocol(s), STR_A(s->helo));
}

/* An enhanced status code off the front of text, else the given one. */
static const char *
take_status(struct str *text, const char *otherwise, char out[16])
{
	struct smtp_status status;

	if (!smtp_status_take(text, &status))
		return otherwise;
	(void)snprintf(out, 16, "%u.%u.%u", status.class, status.subject,
	    status.detail);
	*text = str_trim(*text);
	return out;
}

static enum access_verdict
refuse(struct action *action, int code, const char *status, const char *words)
{
	struct str text = action->text;
	char own[16];

	status = take_status(&text, status, own);
	if (text.len == 0)
		text = str_of(words);
	return access_reject(action->run, action->subject, code, status,
	    "%" STR_F, STR_A(text));
}

static enum access_verdict
act_ok(struct action *action)
{
	(void)action;
	return ACCESS_OK;
}

static enum access_verdict
act_dunno(struct action *action)
{
	(void)action;
	return ACCESS_DUNNO;
}

static enum access_verdict
act_reject(struct action *action)
{
	return refuse(action, action->run->s->conf->codes.access_map_reject,
	    "5.7.1", "Access denied");
}

static enum access_verdict
act_defer(struct action *action)
{
	return refuse(action, action->run->s->conf->codes.access_map_defer,
	    "4.7.1", "Access denied");
}

static enum access_verdict
act_defer_if_permit(struct action *action)
{
	struct str text = action->text;
	char own[16];
	const char *status = take_status(&text, "4.7.1", own);

	return access_defer_if_permit(action->run, action->subject,
	    action->run->s->conf->codes.access_map_defer, status, "%" STR_F,
	    STR_A(text.len > 0 ? text : STR("Service unavailable")));
}

static enum access_verdict
act_defer_if_reject(struct action *action)
{
	struct str text = action->text;
	char own[16];
	const char *status = take_status(&text, "4.7.1", own);

	return access_defer_if_reject(action->run, action->subject,
	    action->run->s->conf->codes.access_map_defer, status, "%" STR_F,
	    STR_A(text.len > 0 ? text : STR("Service unavailable")));
}

static enum access_verdict
act_warn(struct action *action)
{
	note(action, "warn");
	return ACCESS_DUNNO;
}

static enum access_verdict
act_info(struct action *action)
{
	note(action, "info");
	return ACCESS_DUNNO;
}

static enum access_verdict
misconfigured(struct action *action, const char *why)
{
	struct err err;

	(void)err_set(&err, ERR_SYNTAX, "%s: %s: \"%" STR_F "\"",
	    action->step->argument == NULL ? "" : action->step->argument, why,
	    STR_A(action->text));
	log_warn("warning: %s", err.text);
	return access_reject(action->run, action->subject, 451, "4.3.5",
	    "Server configuration error");
}

static enum access_verdict
act_hold(struct action *action)
{
	struct arena *arena;
	struct access_effects *effects =
	    access_effects_of(action->run->s, &arena);

	const char *why = action->step->rule == NULL ? "access table" :
						       action->step->rule->name;
	const char *text;

	note(action, "hold");
	if (effects->hold.len > 0)
		return ACCESS_DUNNO;
	/* The name in front keeps it apart from other reasons to wait. */
	text = arena_printf(arena, "%s%s%" STR_F, why,
	    action->text.len > 0 ? ": " : "", STR_A(action->text));
	effects->hold = str_of(text == NULL ? why : text);
	return ACCESS_DUNNO;
}

static enum access_verdict
act_discard(struct action *action)
{
	struct arena *arena;

	note(action, "discard");
	access_effects_of(action->run->s, &arena)->discard = true;
	return ACCESS_OK;
}

/* "Name: text", one line. */
static bool
is_field(struct str text)
{
	ptrdiff_t colon = str_chr(text, ':');

	if (colon <= 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == 127 ||
		    (i < (size_t)colon && (c == ' ' || c > 127)))
			return false;
	}
	return true;
}

static enum access_verdict
act_prepend(struct action *action)
{
	struct arena *arena;
	struct access_effects *effects =
	    access_effects_of(action->run->s, &arena);

	if (!is_field(action->text))
		return misconfigured(action, "PREPEND needs a header field");
	/* The same for each recipient is the same field. */
	for (size_t i = 0; i < effects->prepend_len; i++) {
		if (str_eq(effects->prepend[i], action->text))
			return ACCESS_DUNNO;
	}
	if (effects->prepend_len < ACCESS_PREPEND_MAX)
		effects->prepend[effects->prepend_len++] =
		    arena_str(arena, action->text);
	return ACCESS_DUNNO;
}

static bool
is_address(struct action *action)
{
	struct str rest = action->text;
	struct smtp_path path;
	struct err err;

	return smtp_mailbox_parse(&path, &rest, action->run->s->line, &err) ==
	    0 &&
	    rest.len == 0;
}

static enum access_verdict
act_redirect(struct action *action)
{
	struct arena *arena;
	struct access_effects *effects =
	    access_effects_of(action->run->s, &arena);

	if (!is_address(action))
		return misconfigured(action, "REDIRECT needs an address");
	note(action, "redirect");
	effects->redirect = arena_str(arena, action->text);
	return ACCESS_DUNNO;
}

static enum access_verdict
act_bcc(struct action *action)
{
	struct arena *arena;
	struct access_effects *effects =
	    access_effects_of(action->run->s, &arena);

	if (!is_address(action))
		return misconfigured(action, "BCC needs an address");
	for (size_t i = 0; i < effects->bcc_len; i++) {
		if (str_ieq(effects->bcc[i], action->text))
			return ACCESS_DUNNO;
	}
	note(action, "bcc");
	if (effects->bcc_len < ACCESS_BCC_MAX)
		effects->bcc[effects->bcc_len++] =
		    arena_str(arena, action->text);
	return ACCESS_DUNNO;
}

static const struct {
	const char *word;
	action_fn *fn;
} actions[] = {
	{ "OK", act_ok },
	{ "PERMIT", act_ok },
	{ "RELAY", act_ok },
	{ "DUNNO", act_dunno },
	{ "REJECT", act_reject },
	{ "DEFER", act_defer },
	{ "DEFER_IF_PERMIT", act_defer_if_permit },
	{ "DEFER_IF_REJECT", act_defer_if_reject },
	{ "WARN", act_warn },
	{ "INFO", act_info },
	{ "HOLD", act_hold },
	{ "DISCARD", act_discard },
	{ "PREPEND", act_prepend },
	{ "REDIRECT", act_redirect },
	{ "BCC", act_bcc },
};

/* "550 5.7.1 text", or a number alone, which means OK. */
static bool
act_number(struct action *action, struct str value,
    enum access_verdict *verdict)
{
	struct str rest = value;
	uint64_t number;

	if (!num_take(&rest, UINT32_MAX, &number))
		return false;
	if (rest.len == 0 && (value.len != 3 || number < 400 || number > 599)) {
		*verdict = ACCESS_OK;
		return true;
	}
	if (value.len - rest.len != 3 || number < 400 || number > 599 ||
	    (rest.len > 0 && rest.p[0] != ' ' && rest.p[0] != '\t'))
		return false;
	action->text = str_trim(rest);
	*verdict = refuse(action, (int)number, number < 500 ? "4.7.1" : "5.7.1",
	    "Access denied");
	return true;
}

enum access_verdict
action_run(struct access_run *run, const struct access_step *step,
    enum access_subject subject, struct str value)
{
	struct action action = { run, step, subject, STR("") };
	struct str word, rest = value = str_trim(value);
	enum access_verdict verdict;
	struct err err;

	(void)str_split(&rest, ' ', &word);
	action.text = str_trim(rest);
	for (size_t i = 0; value.len > 0 && i < NELEMS(actions); i++) {
		if (str_ieqz(word, actions[i].word))
			return actions[i].fn(&action);
	}
	if (act_number(&action, value, &verdict))
		return verdict;
	if (access_run_text(run, value, &verdict, &err) == 0)
		return verdict;
	action.text = value;
	return misconfigured(&action, err.text);
}
