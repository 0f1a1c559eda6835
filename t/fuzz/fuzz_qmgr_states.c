/*
 * An agent that says anything to qmgr, at once and then is gone: the first
 * byte chooses what it said before, each further line is a reply. Whatever
 * that is, every recipient is delivered to, or lives on, or is gone for a
 * reason, and the job ends.
 */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "t/unit/qmgr/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16384, SECONDS = 120 };

#define LHLO     "220 x\r\n250-x\r\n250-PIPELINING\r\n250 XCHANCERY\r\n"
#define ENVELOPE LHLO "250 a\r\n250 b\r\n250 c\r\n"

static const char *const states[] = {
	"",
	"220 x\r\n",
	LHLO,
	"220 x\r\n250-x\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 DSN\r\n",
	LHLO "250 a\r\n",
	ENVELOPE,
	ENVELOPE "354 go\r\n",
	ENVELOPE "354 go\r\n250 a\r\n",
	ENVELOPE "250 unexpected\r\n",
};

static int
listen_as(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 5) < 0)
		panic("listen as %s", name);
	return fd;
}

/* The next connection gets all there is to say. */
static void
answer(int listener, const char *before, struct str said)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	char bytes[65536];

	if (fd < 0)
		return;
	(void)!write(fd, before, strlen(before));
	(void)!write(fd, said.p, said.len);
	(void)shutdown(fd, SHUT_WR);
	(void)!read(fd, bytes, sizeof(bytes));
	/* until the agent closes its end, so that nothing is lost to a reset */
	(void)dup2(fd, 900);
	(void)close(fd);
}

static void
run(struct world *world, int listener, const char *before, struct str said)
{
	struct queue_recipient rcpt[2] = { { .address = STR("a@x"),
					       .transport = STR("agent"),
					       .nexthop = STR("here") },
		{ .address = STR("b@x"),
		    .transport = STR("agent"),
		    .nexthop = STR("here") } };
	int64_t end = time_mono() + SECONDS * (int64_t)TIME_SECOND;
	struct message *message;
	struct queue_id id = put(world, rcpt, 2)->id;

	while ((message = qmgr_find(&world->q, &id)) != NULL) {
		if (message->jobs == 0 && !message->dying)
			break;
		if (message_reason(message, 0)[0] != '\0')
			break; /* it waits for its site */
		if (time_mono() > end)
			panic("the job does not end");
		answer(listener, before, said);
		(void)event_base_loop(world->daemon.base, EVLOOP_NONBLOCK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int here, listener;
	void *state = NULL;
	struct world *world;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (world_setup(&state) < 0)
		panic("no world");
	world = state;
	log_init("fuzz", LOG_LEVEL_ERROR);
	listener = listen_as("agent");
	run(world, listener, states[data[0] % NELEMS(states)],
	    str_make(data + 1, size - 1));
	dest_clear(&world->q);
	/* libevent frees from the loop */
	(void)event_base_loop(world->daemon.base, EVLOOP_NONBLOCK);
	(void)close(listener);
	(void)close(900);
	(void)world_teardown(&state);
	if (fchdir(here) < 0)
		panic("way back");
	(void)close(here);
	return 0;
}
