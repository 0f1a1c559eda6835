/*
 * rate - what one address may do in anvil_rate_time_unit, over all its
 * sessions: front counts (ipc/handover_msg.h).
 */
#ifndef SMTPD_RATE_H
#define SMTPD_RATE_H

#include "smtpd/session.h"

/*
 * Count one more. false: it is one too many. Where there is no limit, or
 * front cannot say, it is not.
 */
bool rate_allows(struct session *s, enum handover_event event);

#endif
