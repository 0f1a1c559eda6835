#include <stdio.h>

#include "smtpd/received.h"

#include "base/hex.h"
#include "base/rand.h"
#include "base/time.h"
#include "mime/received.h"

static void
add_message_id(struct buf *out, const struct session *s, int64_t seconds)
{
	unsigned char bytes[8];
	char digits[2 * sizeof(bytes) + 1];

	rand_bytes(bytes, sizeof(bytes));
	hex_encode(digits, bytes, sizeof(bytes));
	(void)buf_addf(out, "Message-ID: <%lld.%s@%s>\r\n", (long long)seconds,
	    digits, s->conf->hostname);
}

void
received_write(struct buf *out, const struct session *s,
    const struct body *body)
{
	int64_t seconds = time_real() / TIME_SECOND;
	char tls[200] = "", date[TIME_RFC5322_SIZE];
	struct mime_received field = {
		.helo = s->helo,
		.name = str_eqz(s->facts.client_name, "unknown") ?
		    STR("") :
		    s->facts.client_name,
		.address = s->facts.client_addr,
		.by = str_of(s->conf->hostname),
		.software = str_of(s->conf->mail_name),
		.protocol = str_of(session_protocol(s)),
		.id = str_of(s->t.id),
		.rcpt = s->t.accepted == 1 ? s->t.first_rcpt : STR(""),
		.seconds = seconds,
	};

	if (s->facts.tls_version.len > 0)
		(void)snprintf(tls, sizeof(tls),
		    "%" STR_F " with cipher %" STR_F,
		    STR_A(s->facts.tls_version), STR_A(s->facts.tls_cipher));
	field.tls = str_of(tls);
	(void)mime_received_write(out, &field);
	if (!s->conf->submission)
		return;
	if (!body->has_message_id)
		add_message_id(out, s, seconds);
	if (!body->has_date) {
		time_format_rfc5322(date, seconds);
		(void)buf_addf(out, "Date: %s\r\n", date);
	}
}
