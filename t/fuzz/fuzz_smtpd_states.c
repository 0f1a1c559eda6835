/*
 * A whole SMTP session from the middle: the first byte chooses what was said
 * before (EHLO, AUTH, MAIL, RCPT, DATA, BDAT, a message), the rest is what
 * comes then. What reaches the queue has whole lines, and a goodbye or a
 * reply ends every conversation.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "t/unit/smtpd/doubles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HELLO "EHLO c.test\r\n"
#define MAIL  HELLO "MAIL FROM:<a@b.test> BODY=8BITMIME\r\n"
#define RCPT  MAIL "RCPT TO:<ada@example.test>\r\n"
#define ALL_RCPT                                                               \
	MAIL "RCPT TO:<list@example.test>\r\nRCPT TO:<bob@example.test>\r\n"
#define LOGGED_IN HELLO "AUTH PLAIN AGFkYUBleGFtcGxlLnRlc3QAc2VjcmV0\r\n"

static const char *const states[] = {
	"",
	HELLO,
	"HELO c.test\r\n",
	HELLO "AUTH PLAIN\r\n",
	HELLO "AUTH LOGIN\r\n",
	LOGGED_IN,
	LOGGED_IN "MAIL FROM:<ada@example.test> RET=HDRS ENVID=x\r\n",
	MAIL,
	RCPT,
	ALL_RCPT,
	RCPT "DATA\r\n",
	RCPT "DATA\r\nSubject: x\r\nReceived: y\r\n\r\n",
	RCPT "DATA\r\n\r\n..\r\n.\r\n",
	RCPT "BDAT 20\r\n",
	RCPT "BDAT 4\r\nab\r\nBDAT 30 LAST\r\n",
	HELLO "MAIL FROM:<a@b.test> BODY=BINARYMIME\r\n"
	      "RCPT TO:<ada@example.test>\r\nBDAT 16 LAST\r\n",
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtpd_conf conf = double_conf;
	struct doubles doubles;
	struct str message;
	struct buf in, out;

	if (size == 0 || size > 100000)
		return 0;
	log_init("fuzz", LOG_LEVEL_ERROR);
	conf.sasl = true;
	conf.inline_limit = 1024;
	conf.header_limit = 1024;
	doubles_init(&doubles);
	buf_init(&in, 0);
	buf_init(&out, 0);
	(void)buf_addz(&in, states[data[0] % NELEMS(states)]);
	(void)buf_add(&in, (const char *)data + 1, size - 1);
	doubles_run(&doubles, &conf, "TLSv1.3", buf_str(&in), &out);
	if (out.len > 0 && !str_ends(buf_str(&out), STR("\r\n")))
		abort();
	message = buf_str(&doubles.message);
	if (doubles.binary)
		message.len = 0;
	if (doubles.commits > 0 && message.len > 0 &&
	    !str_ends(message, STR("\r\n")))
		abort();
	doubles_clear(&doubles);
	buf_clear(&in);
	buf_clear(&out);
	return 0;
}
