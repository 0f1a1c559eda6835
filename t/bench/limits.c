/*
 * limits - what the machine itself can do, to hold other figures against.
 *
 *	limits [-t SECONDS] FOLDER
 *
 * Each figure is measured for so long (default 1 s), in files of its own in
 * FOLDER where the disk is meant. Prints "name value" lines:
 *
 * sync_N_per_s          N writers at once, each of which overwrites 4 KiB of
 *                       its own file and calls fdatasync: syncs a second
 * batch_SIZE_per_s      20 messages of SIZE octets overwritten and synced
 *                       together, twice (for a queue, for a store): messages
 *                       a second that a disk allows whoever takes 20 at once
 * memcpy_bytes_per_s    from one large buffer to another
 * loopback_bytes_per_s  through a TCP connection of this machine to itself
 * tls_per_s             TLS 1.3 handshakes on P-256, both ends, on all cores
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

enum {
	FILE_SIZE = 4 << 20,
	WRITERS = 20,
	BATCH = 20,
	COPY = 64 << 20,
	CHUNK = 256 << 10,
	CORES_MAX = 64,
};

struct work {
	const char *folder;
	int64_t length; /* us to go on for */
	int number;
	size_t size;
	double done; /* what was done, a second */
	SSL_CTX *server, *client;
};

/* ---- the disk ---- */

/* A file of zeroes that is on disk, without a name. */
static int
open_file(const char *folder)
{
	char *zero = xcalloc(1, FILE_SIZE);
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, zero, FILE_SIZE) != FILE_SIZE || fsync(fd) < 0)
		fatal("%s: %s", folder, strerror(errno));
	free(zero);
	return fd;
}

static void
put(int fd, const char *bytes, size_t size, size_t at)
{
	if (pwrite(fd, bytes, size, (off_t)(at % FILE_SIZE)) != (ssize_t)size)
		fatal("pwrite: %s", strerror(errno));
}

static void *
sync_writer(void *arg)
{
	struct work *work = arg;
	int fd = open_file(work->folder);
	char block[4096];
	int64_t began = time_mono(), now;
	size_t count = 0;

	memset(block, work->number, sizeof(block));
	do {
		put(fd, block, sizeof(block), count++ * sizeof(block));
		if (fdatasync(fd) < 0)
			fatal("fdatasync: %s", strerror(errno));
		now = time_mono();
	} while (now - began < work->length);
	work->done = (double)count * 1e6 / (double)(now - began);
	(void)close(fd);
	return NULL;
}

static void *
batch_writer(void *arg)
{
	struct work *work = arg;
	int fd[2] = { open_file(work->folder), open_file(work->folder) };
	char *bytes = xcalloc(1, work->size);
	int64_t began = time_mono(), now;
	size_t count = 0;

	memset(bytes, 'x', work->size);
	do {
		for (int i = 0; i < 2; i++) {
			for (size_t j = 0; j < BATCH; j++)
				put(fd[i], bytes, work->size,
				    (count + j) * work->size);
			if (fdatasync(fd[i]) < 0)
				fatal("fdatasync: %s", strerror(errno));
		}
		count += BATCH;
		now = time_mono();
	} while (now - began < work->length);
	work->done = (double)count * 1e6 / (double)(now - began);
	(void)close(fd[0]);
	(void)close(fd[1]);
	free(bytes);
	return NULL;
}

/* ---- memory and sockets ---- */

static double
copy(int64_t length)
{
	char *from = xcalloc(1, COPY), *to = xcalloc(1, COPY);
	int64_t began, now;
	size_t count = 0;

	memset(from, 1, COPY);
	memset(to, 2, COPY);
	began = time_mono();
	do {
		memcpy(to, from, COPY);
		from[count % COPY] = to[COPY - 1 - count % COPY];
		count++;
		now = time_mono();
	} while (now - began < length);
	free(from);
	free(to);
	return (double)count * COPY * 1e6 / (double)(now - began);
}

static void *
send_all(void *arg)
{
	struct work *work = arg;
	char *bytes = xcalloc(1, CHUNK);
	int64_t began = time_mono();

	while (time_mono() - began < work->length)
		if (send(work->number, bytes, CHUNK, MSG_NOSIGNAL) < 0)
			fatal("send: %s", strerror(errno));
	(void)shutdown(work->number, SHUT_WR);
	free(bytes);
	return NULL;
}

/* Two ends of a TCP connection over loopback. */
static void
connect_pair(int fd[2])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || fd[0] < 0 ||
	    bind(listener, (struct sockaddr *)&in, sizeof(in)) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&in, &len) < 0 ||
	    connect(fd[0], (struct sockaddr *)&in, sizeof(in)) < 0 ||
	    (fd[1] = accept(listener, NULL, NULL)) < 0)
		fatal("loopback: %s", strerror(errno));
	(void)close(listener);
}

static double
loopback(int64_t length)
{
	struct work work = { .length = length };
	char *bytes = xcalloc(1, CHUNK);
	int64_t began = time_mono();
	double total = 0;
	pthread_t thread;
	int fd[2];
	ssize_t n;

	connect_pair(fd);
	work.number = fd[0];
	if (pthread_create(&thread, NULL, send_all, &work) != 0)
		fatal("no thread");
	while ((n = recv(fd[1], bytes, CHUNK, 0)) > 0)
		total += (double)n;
	(void)pthread_join(thread, NULL);
	(void)close(fd[0]);
	(void)close(fd[1]);
	free(bytes);
	return total * 1e6 / (double)(time_mono() - began);
}

/* ---- TLS ---- */

static void
make_contexts(struct work *work)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	work->server = SSL_CTX_new(TLS_server_method());
	work->client = SSL_CTX_new(TLS_client_method());
	if (key == NULL || cert == NULL || work->server == NULL ||
	    work->client == NULL)
		fatal("TLS: out of memory");
	if (X509_gmtime_adj(X509_getm_notBefore(cert), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert), 86400) == NULL ||
	    X509_set_pubkey(cert, key) != 1 ||
	    X509_sign(cert, key, EVP_sha256()) == 0 ||
	    SSL_CTX_use_certificate(work->server, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(work->server, key) != 1)
		fatal("TLS: no certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
handshake(struct work *work)
{
	SSL *server = SSL_new(work->server), *client = SSL_new(work->client);
	BIO *ends[2];
	int ours = 0, theirs = 0;

	if (server == NULL || client == NULL ||
	    BIO_new_bio_pair(&ends[0], 0, &ends[1], 0) != 1)
		fatal("TLS: out of memory");
	SSL_set_bio(server, ends[0], ends[0]);
	SSL_set_bio(client, ends[1], ends[1]);
	for (int i = 0; i < 20 && (ours != 1 || theirs != 1); i++) {
		theirs = SSL_connect(client);
		ours = SSL_accept(server);
	}
	if (ours != 1 || theirs != 1)
		fatal("TLS: no handshake");
	SSL_free(server);
	SSL_free(client);
}

static void *
shake_hands(void *arg)
{
	struct work *work = arg;
	int64_t began = time_mono(), now;
	double count = 0;

	do {
		handshake(work);
		count++;
		now = time_mono();
	} while (now - began < work->length);
	work->done = count * 1e6 / (double)(now - began);
	return NULL;
}

/* The sum of what so many do at once. */
static double
together(void *(*what)(void *), struct work *pattern, int count)
{
	struct work work[CORES_MAX];
	pthread_t thread[CORES_MAX];
	double sum = 0;

	for (int i = 0; i < count; i++) {
		work[i] = *pattern;
		work[i].number = i;
		if (pthread_create(&thread[i], NULL, what, &work[i]) != 0)
			fatal("no thread");
	}
	for (int i = 0; i < count; i++) {
		(void)pthread_join(thread[i], NULL);
		sum += work[i].done;
	}
	return sum;
}

int
main(int argc, char **argv)
{
	struct work work = { .length = 1000000 };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int c;

	log_init("limits", LOG_LEVEL_ERROR);
	while ((c = getopt(argc, argv, "t:")) >= 0) {
		if (c != 't')
			fatal("usage: limits [-t SECONDS] FOLDER");
		work.length = (int64_t)(atof(optarg) * 1e6);
	}
	if (optind != argc - 1)
		fatal("usage: limits [-t SECONDS] FOLDER");
	work.folder = argv[optind];
	printf("sync_1_per_s %.0f\n", together(sync_writer, &work, 1));
	printf("sync_20_per_s %.0f\n", together(sync_writer, &work, WRITERS));
	for (work.size = 4096; work.size <= 65536; work.size *= 16)
		printf("batch_%zu_per_s %.0f\n", work.size,
		    together(batch_writer, &work, 1));
	printf("memcpy_bytes_per_s %.0f\n", copy(work.length));
	printf("loopback_bytes_per_s %.0f\n", loopback(work.length));
	make_contexts(&work);
	printf("tls_per_s %.0f\n",
	    together(shake_hands, &work,
		cores > CORES_MAX ? CORES_MAX : (int)cores));
	SSL_CTX_free(work.server);
	SSL_CTX_free(work.client);
	return 0;
}
