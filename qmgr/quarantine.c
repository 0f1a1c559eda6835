#include "qmgr/quarantine.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "ipc/queue_msg.h"
#include "qmgr/message.h"
#include "qmgr/retire.h"

enum { PERIOD = 60 /* seconds */ };

bool
quarantine_has(const struct message *message)
{
	return message->record.held &&
	    str_starts(message->record.hold, STR(QUEUE_QUARANTINE));
}

static void
expire(struct qmgr *q, struct message *message)
{
	char id[QUEUE_SHORT_SIZE];

	log_info("%s: deleted from quarantine: quarantine_keep is over",
	    queue_id_short(id, &message->id));
	retire_all(q, message);
	message->removed = true;
}

void
quarantine_step(struct qmgr *q)
{
	int period = q->conf.quarantine_keep < PERIOD ? 1 : PERIOD;
	int64_t now = time_mono(), oldest;
	struct str key;
	void *value;

	if (q->held == 0 || q->conf.quarantine_keep == 0 ||
	    now - q->quarantine_looked < period * (int64_t)TIME_SECOND)
		return;
	q->quarantine_looked = now;
	oldest = time_real() - q->conf.quarantine_keep * (int64_t)TIME_SECOND;
	for (size_t it = 0; hash_next(q->live, &it, &key, &value);) {
		struct message *message = value;

		if (quarantine_has(message) && !message->removed &&
		    message->jobs == 0 && message->record.arrival < oldest)
			expire(q, message);
	}
}
