#include "smtpd/rate.h"

#include "base/log.h"

bool
rate_allows(struct session *s, enum handover_event event)
{
	struct handover_count ask = { .event = (uint8_t)event };
	struct handover_counted answer = { .allowed = true };
	struct err err;

	if (s->conf->event_limit[event] == 0 || s->handover == NULL)
		return true;
	ask.client_addr = s->facts.client_addr;
	if (ipc_conn_call(s->handover, &handover_count_msg, &ask,
		&handover_counted_msg, &answer, s->line, &err) < 0) {
		log_warn("handover: %s", err.text);
		return true;
	}
	if (!answer.allowed)
		log_warn("warning: rate limit: %s", session_client(s));
	return answer.allowed;
}
