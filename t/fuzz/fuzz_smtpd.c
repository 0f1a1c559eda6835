/*
 * A whole session over doubles of the daemons it asks. The first byte says
 * how it is configured.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "t/unit/smtpd/doubles.h"

#define W "warn_if_reject "

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtpd_conf conf = double_conf;
	struct doubles doubles;
	struct str message;
	struct buf out;

	if (size == 0 || size > 150000)
		return 0;
	log_init("fuzz", LOG_LEVEL_ERROR);
	conf.sasl = data[0] & 1;
	conf.submission = (data[0] & 3) == 3;
	conf.tls_auth_only = data[0] & 4;
	conf.forbid_pipelining = data[0] & 8;
	conf.delay_reject = !(data[0] & 128);
	conf.restrictions[ACCESS_CLIENT] = W
	    "reject_rbl_client net.test, "
	    "check_client_access inline:{{192.0.2=INFO here}, unknown=DUNNO}, " W
	    "reject_unknown_client_hostname";
	conf.restrictions[ACCESS_HELO] =
	    W "reject_invalid_helo_hostname, reject_unknown_helo_hostname, " W
	      "reject_non_fqdn_helo_hostname, "
	      "check_helo_mx_access pcre:{{/(.*)\\.net/ PREPEND X-N: $1}}";
	conf.restrictions[ACCESS_SENDER] = W
	    "reject_unknown_sender_domain, " W "reject_sender_login_mismatch, "
	    "check_sender_access pcre:{{/^(.)/ PREPEND X-F: $1}, "
	    "{/h@/ HOLD $0}, {/b@/ BCC bob@example.test}, {/5@/ 550 $0}}, " W
	    "reject_rhsbl_sender net.test";
	conf.restrictions[ACCESS_RECIPIENT] = W
	    "reject_unauth_pipelining, reject_non_fqdn_recipient, "
	    "check_recipient_access inline:{{carol@=REDIRECT ada@example.test}, "
	    "{carol@example.test=DEFER_IF_PERMIT later}}, reject_unlisted_sender";
	conf.inline_limit = 1024;
	conf.header_limit = 1024;
	doubles_init(&doubles);
	if (data[0] & 128) {
		conf.clamav_socket = conf.spamd_socket = "/s";
		doubles.clamd = "stream: OK";
		doubles.spamd =
		    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.5 / 5.0\r\n\r\n";
	}
	doubles.disk_full = data[0] & 16;
	doubles.no_large = data[0] & 32;
	buf_init(&out, 0);
	doubles_run(&doubles, &conf, data[0] & 64 ? "TLSv1.3" : NULL,
	    str_make(data + 1, size - 1), &out);
	/* What reaches the queue has whole lines and no other line ends. */
	message = buf_str(&doubles.message);
	if (doubles.binary)
		message.len = 0;
	if (doubles.commits > 0 && message.len > 0 &&
	    !str_ends(message, STR("\r\n")))
		abort();
	for (size_t i = 0; i < message.len; i++)
		if (message.p[i] == '\n' &&
		    (i == 0 || message.p[i - 1] != '\r'))
			abort();
	doubles_clear(&doubles);
	buf_clear(&out);
	return 0;
}
