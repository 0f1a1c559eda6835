/*
 * replay - runs a fuzz target over the files of its corpus folder.
 *
 * An empty or missing corpus fails: a target without one proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
replay_file(int dirfd, const char *name)
{
	struct buf bytes;
	struct err err;
	uint8_t *copy;

	buf_init(&bytes, 64 << 20);
	if (fs_read_file(dirfd, name, &bytes, &err) < 0)
		fatal("%s", err.text);
	/* A block of the exact size, so that a byte beyond it is noticed. */
	copy = xmemdup(bytes.p, bytes.len);
	(void)LLVMFuzzerTestOneInput(copy, bytes.len);
	free(copy);
	buf_clear(&bytes);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	int files = 0;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL)
		fatal("usage: %s CORPUS-FOLDER", argv[0]);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		replay_file(dirfd(dir), entry->d_name);
		files++;
	}
	(void)closedir(dir);
	if (files == 0)
		fatal("%s: no files", argv[1]);
	printf("replay: %s: %d files\n", argv[1], files);
	return 0;
}
