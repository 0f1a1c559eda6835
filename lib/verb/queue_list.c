#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "conf/value.h"
#include "queue/record.h"
#include "verb/queue_edge.h"

enum { TIMEOUT_MS = 60000 };

int
queue_edge_open(struct queue_edge *edge, struct verb_call *call,
    struct err *err)
{
	int fd = verb_connect(call, "qmgr", err);

	if (fd < 0)
		return -1;
	ipc_conn_init(&edge->conn, fd, TIMEOUT_MS);
	edge->arena = arena_new(0);
	return 0;
}

void
queue_edge_close(struct queue_edge *edge)
{
	ipc_conn_clear(&edge->conn);
	arena_free(edge->arena);
}

int
queue_pattern_take(struct verb_call *call, struct queue_pattern *pattern,
    struct err *err)
{
	struct {
		const char *option;
		struct str *out;
	} texts[] = {
		{ "--sender", &pattern->sender },
		{ "--recipient", &pattern->recipient },
		{ "--site", &pattern->site },
	};
	const char *older = verb_option(call, "--older-than");
	int given = 0, seconds;

	*pattern = (struct queue_pattern){ .older = 0 };
	for (size_t i = 0; i < NELEMS(texts); i++) {
		const char *value = verb_option(call, texts[i].option);

		if (value == NULL)
			continue;
		given = 1;
		*texts[i].out = str_of(value);
		/* an empty sender is the null sender */
		if (value[0] == '\0')
			*texts[i].out = str_of("<>");
	}
	if (older == NULL)
		return given;
	if (value_time(str_of(older), 1, INT32_MAX, &seconds, err) < 0) {
		(void)err_prefix(err, "--older-than");
		call->is_usage = true;
		return -1;
	}
	pattern->older = (uint32_t)seconds;
	return 1;
}

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = {
		[QUEUE_LISTING_ACTIVE] = "active",
		[QUEUE_LISTING_DEFERRED] = "deferred",
		[QUEUE_LISTING_HELD] = "hold",
	};

	return state < NELEMS(names) ? names[state] : "unknown";
}

void
queue_print_head(struct print *p, const struct queue_listing *message)
{
	print_str(p, "id", message->id);
	print_strz(p, "state", state_name(message->state));
	print_int(p, "size", (int64_t)message->size);
	print_time(p, "arrival", message->arrival);
	print_str(p, "sender",
	    message->sender.len == 0 && !print_is_json(p) ?
		str_of("MAILER-DAEMON") :
		message->sender);
}

static void
print_row(struct print *p, const struct queue_listing *message)
{
	const struct queue_listing_rcpt *rcpt = message->rcpts.items;
	struct str reason = str_of("");

	print_open_record(p, NULL);
	queue_print_head(p, message);
	print_open_list(p, "recipients");
	for (size_t i = 0; i < message->rcpts.count; i++) {
		if (rcpt[i].state != QUEUE_LIVE)
			continue;
		print_str(p, NULL, rcpt[i].address);
		if (reason.len == 0)
			reason = rcpt[i].reason;
	}
	print_close(p);
	print_int(p, "recipients_left", message->rcpts_left);
	print_str(p, "reason", message->hold.len > 0 ? message->hold : reason);
	print_close(p);
}

/* Postfix's three lines and more a message, which scripts know. */
static void
print_mailq(const struct queue_listing *message, bool first)
{
	const struct queue_listing_rcpt *rcpt = message->rcpts.items;
	const char mark = message->state == QUEUE_LISTING_ACTIVE ? '*' :
	    message->state == QUEUE_LISTING_HELD                 ? '!' :
								   ' ';
	char when[32], text[1100];
	time_t arrival = (time_t)message->arrival;
	struct str told = str_of("");
	struct tm tm;

	if (first)
		printf("%-10s %8s %-20s %s\n", "-Queue ID-", "--Size--",
		    "----Arrival Time----", "-Sender/Recipient-------");
	(void)strftime(when, sizeof(when), "%a %b %e %H:%M:%S",
	    localtime_r(&arrival, &tm));
	printf("%-10" STR_F "%c%8llu %20.20s %s\n", STR_A(message->id), mark,
	    (unsigned long long)message->size, when,
	    message->sender.len == 0 ?
		"MAILER-DAEMON" :
		log_escape(text, sizeof(text), message->sender));
	for (size_t i = 0; i < message->rcpts.count; i++) {
		struct str reason = rcpt[i].reason;

		if (rcpt[i].state != QUEUE_LIVE)
			continue;
		if (message->hold.len > 0)
			reason = message->hold;
		/* told once for those who share it */
		if (reason.len > 0 && !str_eq(reason, told))
			printf("%*s(%s)\n",
			    reason.len < 76 ? 76 - (int)reason.len : 0, "",
			    log_escape(text, sizeof(text), reason));
		told = reason;
		printf("%-10s %8s %-20s %s\n", "", "", "",
		    log_escape(text, sizeof(text), rcpt[i].address));
	}
	printf("\n");
}

struct listing {
	bool mailq;
	uint64_t count, bytes;
};

static void
print_page(struct verb_call *call, const struct queue_listed *listed,
    struct listing *listing)
{
	const struct queue_listing *message = listed->messages.items;

	for (size_t i = 0; i < listed->messages.count; i++) {
		if (listing->mailq)
			print_mailq(&message[i], listing->count == 0);
		else
			print_row(call->print, &message[i]);
		listing->count++;
		listing->bytes += message[i].size;
	}
	(void)fflush(stdout); /* whoever reads it need not wait for the end */
}

static void
print_sum(const struct listing *listing)
{
	if (listing->count == 0)
		printf("Mail queue is empty\n");
	else
		printf("-- %llu Kbytes in %llu Request%s.\n",
		    (unsigned long long)((listing->bytes + 1023) / 1024),
		    (unsigned long long)listing->count,
		    listing->count == 1 ? "" : "s");
}

int
queue_list_verb(struct verb_call *call, struct err *err)
{
	struct queue_list request = { .after = str_of("") };
	struct queue_listed listed = { .more = true };
	struct listing listing = {
		.mailq = verb_option(call, "--mailq") != NULL &&
		    !print_is_json(call->print),
	};
	struct queue_edge edge;
	char after[64] = "";
	int ret = 0;

	if (queue_pattern_take(call, &request.pattern, err) < 0 ||
	    queue_edge_open(&edge, call, err) < 0)
		return -1;
	if (!listing.mailq)
		print_open_list(call->print, "queue");
	while (ret == 0 && listed.more) {
		request.after = str_of(after);
		arena_reset(edge.arena);
		ret = ipc_conn_call(&edge.conn, &queue_list_msg, &request,
		    &queue_listed_msg, &listed, edge.arena, err);
		if (ret < 0)
			break;
		print_page(call, &listed, &listing);
		(void)snprintf(after, sizeof(after), "%" STR_F,
		    STR_A(listed.last));
	}
	if (!listing.mailq)
		print_close(call->print);
	else if (ret == 0)
		print_sum(&listing);
	queue_edge_close(&edge);
	return ret;
}
