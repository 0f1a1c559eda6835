/*
 * power - simulated power cuts.
 *
 *	power record ROOT JOURNAL MARKS RECORDER COMMAND...
 *		run COMMAND with the recorder preloaded; what ROOT holds at
 *		the start counts as durable
 *	power check JOURNAL STATE COUNT SEED COMMAND...
 *		cut the power COUNT times: make a crash state at STATE, the
 *		promises made until then at STATE.marks, and run
 *		"COMMAND STATE STATE.marks", which must exit 0
 *
 * check stops at the first failure, leaves that state where it is, and says
 * how to make it again. Exit 0, 1 when a state failed, 2 for trouble.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "t/crash/journal.h"
#include "t/crash/model.h"

enum { FAILED = 1, TROUBLE = 2 };

static void NORETURN
trouble(const char *text)
{
	fprintf(stderr, "power: %s\n", text);
	exit(TROUBLE);
}

static void
put(int journal, struct journal_head head, const char *name, struct str data)
{
	struct err err;

	head.name_len = (uint32_t)strlen(name);
	head.len = data.len;
	if (fs_write_all(journal, &head, sizeof(head), &err) < 0 ||
	    fs_write_all(journal, name, head.name_len, &err) < 0 ||
	    fs_write_all(journal, data.p, data.len, &err) < 0)
		trouble(err.text);
}

/* What is in folder now, as if it had been made by the program. */
static void
snapshot(int journal, int dirfd, uint64_t parent, int depth)
{
	DIR *dir = fdopendir(dirfd);
	struct dirent *entry;

	if (dir == NULL || depth > 16)
		trouble("cannot read the folder");
	while ((entry = readdir(dir)) != NULL) {
		struct journal_head head = { .op = JOURNAL_LINK,
			.parent = parent };
		struct buf bytes;
		struct journal_file st;
		struct err err;

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    !journal_look(dirfd, entry->d_name, AT_SYMLINK_NOFOLLOW,
			&st))
			continue;
		head.ino = st.id;
		if (S_ISDIR(st.mode)) {
			head.op = JOURNAL_MKDIR;
			put(journal, head, entry->d_name, str_of(""));
			snapshot(journal,
			    openat(dirfd, entry->d_name, O_RDONLY), st.id,
			    depth + 1);
		} else if (S_ISREG(st.mode)) {
			put(journal, head, entry->d_name, str_of(""));
			buf_init(&bytes, 0);
			if (fs_read_file(dirfd, entry->d_name, &bytes, &err) <
			    0)
				trouble(err.text);
			head = (struct journal_head){ .op = JOURNAL_WRITE,
				.ino = st.id };
			put(journal, head, "", buf_str(&bytes));
			buf_clear(&bytes);
		}
	}
	closedir(dir);
}

static int
record(char **argv)
{
	const char *root = argv[0], *path = argv[1], *marks = argv[2];
	int journal, fd;
	struct journal_file st;

	journal = open(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	fd = open(marks, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (journal < 0 || fd < 0 || !journal_look(AT_FDCWD, root, 0, &st))
		trouble("cannot open the root, the journal or the marks");
	close(fd);
	put(journal, (struct journal_head){ .op = JOURNAL_ROOT, .ino = st.id },
	    "", str_of(""));
	snapshot(journal, open(root, O_RDONLY), st.id, 0);
	put(journal, (struct journal_head){ .op = JOURNAL_DURABLE }, "",
	    str_of(""));
	setenv("CRASH_JOURNAL", path, 1);
	setenv("CRASH_ROOT", root, 1);
	setenv("CRASH_MARKS", marks, 1);
	setenv("LD_PRELOAD", argv[3], 1);
	execvp(argv[4], argv + 4);
	trouble("cannot run the command");
}

/* One record off the front of the journal. */
static bool
take(struct str *rest, struct journal_head *head, struct str *name,
    struct str *data)
{
	if (rest->len < sizeof(*head))
		return false;
	memcpy(head, rest->p, sizeof(*head));
	str_skip(rest, sizeof(*head));
	if (head->name_len > rest->len ||
	    head->len > rest->len - head->name_len)
		trouble("the journal is cut short");
	*name = str_sub(*rest, 0, head->name_len);
	str_skip(rest, head->name_len);
	*data = str_sub(*rest, 0, head->len);
	str_skip(rest, head->len);
	return true;
}

static size_t
count_records(struct str journal)
{
	struct journal_head head;
	struct str name, data;
	size_t count = 0;

	while (take(&journal, &head, &name, &data))
		count++;
	return count;
}

static int
run(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		trouble("cannot run the check");
	return status;
}

struct cut {
	const char *state, *marks_path;
	char **command; /* ends with room for state and marks */
	struct buf marks;
};

/* Make one state and check it. false: it failed. */
static bool
cut_power(struct cut *cut, const struct model *model, uint64_t seed)
{
	struct err err;

	if (fs_remove_tree(AT_FDCWD, cut->state, &err) < 0 ||
	    model_write_state(model, cut->state, seed, &err) < 0)
		trouble(err.text);
	(void)unlink(cut->marks_path);
	if (fs_write_file(AT_FDCWD, cut->marks_path, buf_str(&cut->marks), 0600,
		&err) < 0)
		trouble(err.text);
	return run(cut->command) == 0;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* count points in the journal, sorted, the last its end; seed says which. */
static uint64_t *
draw_points(size_t count, size_t records, unsigned seed)
{
	uint64_t *point = xcalloc(count, sizeof(*point));

	srandom(seed);
	for (size_t i = 0; i < count; i++)
		point[i] = (uint64_t)random() % records + 1;
	if (count > 0)
		point[0] = records;
	qsort(point, count, sizeof(*point), compare);
	return point;
}

static int
check_kind(struct cut *cut, struct str journal, enum model_kind kind,
    size_t count, unsigned seed)
{
	struct model *model = model_new(kind);
	size_t records = count_records(journal), at = 0, next = 0;
	uint64_t *point = draw_points(count, records, seed);
	struct journal_head head;
	struct str name, data;
	int ret = 0;

	buf_reset(&cut->marks);
	while (
	    ret == 0 && next < count && take(&journal, &head, &name, &data)) {
		model_add(model, &head, name, data);
		if (head.op == JOURNAL_MARK)
			buf_add_str(&cut->marks, data);
		at++;
		for (; ret == 0 && next < count && point[next] == at; next++) {
			if (cut_power(cut, model, seed + next))
				continue;
			printf("power: %s: state failed after record %zu of "
			       "%zu (state %zu of %zu, seed %u)\n",
			    kind == MODEL_EXT4 ? "ext4" : "strict", at, records,
			    next, count, seed);
			ret = FAILED;
		}
	}
	free(point);
	model_free(model);
	return ret;
}

static int
check(int argc, char **argv)
{
	struct cut cut = { .state = argv[1] };
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	uint64_t count, seed;
	struct str journal;
	struct stat st;
	void *bytes;
	char marks[4096];
	int ret;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0 ||
	    !num_parse(str_of(argv[2]), 1 << 20, &count) ||
	    !num_parse(str_of(argv[3]), 1 << 30, &seed))
		trouble("bad journal, count or seed");
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		trouble("cannot map the journal");
	journal = str_make(bytes, (size_t)st.st_size);
	(void)snprintf(marks, sizeof(marks), "%s.marks", argv[1]);
	cut.marks_path = marks;
	cut.command = xcalloc((size_t)argc + 1, sizeof(char *));
	memcpy(cut.command, argv + 4, (size_t)(argc - 4) * sizeof(char *));
	cut.command[argc - 4] = argv[1];
	cut.command[argc - 3] = marks;
	buf_init(&cut.marks, 0);
	ret =
	    check_kind(&cut, journal, MODEL_STRICT, count / 2, (unsigned)seed);
	if (ret == 0)
		ret = check_kind(&cut, journal, MODEL_EXT4, count - count / 2,
		    (unsigned)seed + 1);
	if (ret == 0)
		printf("power: %s states, all promises kept\n", argv[2]);
	free(cut.command);
	buf_clear(&cut.marks);
	return ret;
}

int
main(int argc, char **argv)
{
	if (argc >= 7 && strcmp(argv[1], "record") == 0)
		return record(argv + 2);
	if (argc >= 7 && strcmp(argv[1], "check") == 0)
		return check(argc - 2, argv + 2);
	fprintf(stderr,
	    "usage: power record ROOT JOURNAL MARKS RECORDER COMMAND...\n"
	    "       power check JOURNAL STATE COUNT SEED COMMAND...\n");
	return TROUBLE;
}
