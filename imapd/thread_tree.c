#include "imapd/thread_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define NONE UINT32_MAX

enum { STEPS = 256 /* of looking for loops, a message and reference */ };

/*
 * The nodes: messages by their index, then one for each id that is only
 * referred to, then dummies that step 5 makes.
 */
struct tree {
	const struct thread_message *message;
	uint32_t messages, nodes, cap;
	uint32_t *parent; /* NONE: at the top */
	int64_t *date;
	bool *hidden;    /* not shown: a dummy with less than two children */
	bool *is_parent; /* has, or had, children */
	uint64_t steps;
};

/* From hashes to nodes: open addressing, a power of two, half full. */
struct table {
	uint64_t *key; /* 0: free */
	uint32_t *node;
	size_t mask;
};

static void
table_init(struct table *table, size_t count)
{
	size_t size = 16;

	while (size < count * 2)
		size *= 2;
	table->key = xcalloc(size, sizeof(*table->key));
	table->node = xcalloc(size, sizeof(*table->node));
	table->mask = size - 1;
}

static void
table_clear(struct table *table)
{
	free(table->key);
	free(table->node);
}

/* The slot of key, which is then taken; *is_new: it was not there. */
static uint32_t *
table_slot(struct table *table, uint64_t key, bool *is_new)
{
	size_t at = (size_t)key & table->mask;

	while (table->key[at] != 0 && table->key[at] != key)
		at = (at + 1) & table->mask;
	*is_new = table->key[at] == 0;
	table->key[at] = key;
	return &table->node[at];
}

static bool
is_dummy(const struct tree *tree, uint32_t node)
{
	return node >= tree->messages;
}

static uint32_t
add_dummy(struct tree *tree)
{
	if (tree->nodes == tree->cap) {
		tree->cap = tree->cap * 2 + 16;
		tree->parent = xreallocarray(tree->parent, tree->cap,
		    sizeof(*tree->parent));
		tree->date =
		    xreallocarray(tree->date, tree->cap, sizeof(*tree->date));
		tree->hidden = xreallocarray(tree->hidden, tree->cap,
		    sizeof(*tree->hidden));
		tree->is_parent = xreallocarray(tree->is_parent, tree->cap,
		    sizeof(*tree->is_parent));
	}
	tree->parent[tree->nodes] = NONE;
	tree->date[tree->nodes] = INT64_MAX;
	tree->hidden[tree->nodes] = tree->is_parent[tree->nodes] = false;
	return tree->nodes++;
}

/* Is node above below, or the same? True also when we may look no longer. */
static bool
is_above(struct tree *tree, uint32_t node, uint32_t below)
{
	if (!tree->is_parent[node])
		return node == below;
	while (below != NONE && below != node) {
		if (tree->steps == 0)
			return true;
		tree->steps--;
		below = tree->parent[below];
	}
	return below == node;
}

/* Unless that would make a loop. */
static void
set_parent(struct tree *tree, uint32_t node, uint32_t above)
{
	if (is_above(tree, node, above))
		return;
	tree->parent[node] = above;
	tree->is_parent[above] = true;
}

/* Step 1: messages that have an id no earlier one had are its node. */
static void
take_ids(struct tree *tree, struct table *ids)
{
	for (uint32_t i = 0; i < tree->messages; i++) {
		bool is_new;
		uint32_t *slot;

		if (tree->message[i].id == 0)
			continue;
		slot = table_slot(ids, tree->message[i].id, &is_new);
		if (is_new)
			*slot = i;
	}
}

static uint32_t
node_of(struct tree *tree, struct table *ids, uint64_t id)
{
	bool is_new;
	uint32_t *slot = table_slot(ids, id, &is_new);

	if (is_new)
		*slot = add_dummy(tree);
	return *slot;
}

/*
 * Step 1, A and B: each reference is the parent of the next unless that has
 * one; the last is the parent of the message, whatever others said.
 */
static void
link_message(struct tree *tree, struct table *ids, uint32_t i,
    const uint64_t *ref)
{
	const struct thread_message *message = &tree->message[i];
	uint32_t above = NONE, next;

	for (size_t k = 0; k < message->refs; k++) {
		next = node_of(tree, ids, ref[message->ref + k]);
		if (above != NONE && tree->parent[next] == NONE)
			set_parent(tree, next, above);
		above = next;
	}
	if (above == NONE || tree->parent[i] == above)
		return;
	tree->parent[i] = NONE;
	set_parent(tree, i, above);
}

/* The dummy at the top of where node hangs, or the message next above it. */
static uint32_t
shown_parent(struct tree *tree, uint32_t node)
{
	uint32_t at = tree->parent[node], top;

	while (at != NONE && is_dummy(tree, at) && tree->parent[at] != NONE)
		at = tree->parent[at];
	top = at;
	/* Those on the way get there at once the next time. */
	for (at = tree->parent[node]; at != top;) {
		uint32_t up = tree->parent[at];

		tree->parent[at] = top;
		at = up;
	}
	return top;
}

/* Step 3: dummies stay at the top only, and only with two children. */
static void
prune(struct tree *tree)
{
	uint32_t *children = xcalloc(tree->nodes + 1, sizeof(*children));

	for (uint32_t i = 0; i < tree->messages; i++)
		tree->parent[i] = shown_parent(tree, i);
	for (uint32_t i = 0; i < tree->messages; i++)
		if (tree->parent[i] != NONE)
			children[tree->parent[i]]++;
	for (uint32_t i = 0; i < tree->messages; i++) {
		uint32_t up = tree->parent[i];

		if (up != NONE && is_dummy(tree, up) && children[up] < 2)
			tree->parent[i] = NONE;
	}
	for (uint32_t i = tree->messages; i < tree->nodes; i++) {
		tree->hidden[i] = children[i] < 2;
		tree->parent[i] = NONE;
	}
	free(children);
}

/* A dummy has the date of its first child. */
static void
date_dummies(struct tree *tree)
{
	for (uint32_t i = tree->messages; i < tree->nodes; i++)
		tree->date[i] = INT64_MAX;
	for (uint32_t i = 0; i < tree->messages; i++) {
		uint32_t up = tree->parent[i];

		if (up != NONE && is_dummy(tree, up) &&
		    tree->message[i].date < tree->date[up])
			tree->date[up] = tree->message[i].date;
	}
}

/* What siblings are put in order by. */
struct place {
	uint32_t parent, node, first; /* first: message that stands for node */
	int64_t date;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * All nodes that are shown, siblings together and in order; those at the top
 * (parent NONE) come last. The caller frees it.
 */
static struct place *
arrange(struct tree *tree, size_t *count)
{
	struct place *place = xcalloc(tree->nodes + 1, sizeof(*place));
	uint32_t *first = xcalloc(tree->nodes + 1, sizeof(*first));
	size_t len = 0;

	date_dummies(tree);
	for (uint32_t i = tree->messages; i < tree->nodes; i++)
		first[i] = NONE;
	for (uint32_t i = tree->messages; i-- > 0;) {
		uint32_t up = tree->parent[i];

		first[i] = i;
		if (up != NONE && is_dummy(tree, up) &&
		    tree->date[up] == tree->message[i].date)
			first[up] = i;
	}
	for (uint32_t i = 0; i < tree->nodes; i++)
		if (!tree->hidden[i])
			place[len++] = (struct place){ tree->parent[i], i,
				first[i], tree->date[i] };
	qsort(place, len, sizeof(*place), compare_places);
	free(first);
	*count = len;
	return place;
}

/* The message whose subject a node at the top has. */
static const struct thread_message *
subject_of(const struct tree *tree, const struct place *place)
{
	return &tree->message[place->first];
}

/* Step 5, B: which node at the top stands for a subject. */
static void
take_subjects(const struct tree *tree, const struct place *top, size_t tops,
    struct table *subjects)
{
	for (size_t i = 0; i < tops; i++) {
		const struct thread_message *one = subject_of(tree, &top[i]);
		bool is_new;
		uint32_t *slot;

		if (one->subject == 0)
			continue;
		slot = table_slot(subjects, one->subject, &is_new);
		if (is_new ||
		    (!is_dummy(tree, top[*slot].node) &&
			(is_dummy(tree, top[i].node) ||
			    (subject_of(tree, &top[*slot])->is_reply &&
				!one->is_reply))))
			*slot = (uint32_t)i;
	}
}

/* What step 5 does to the nodes at the top. */
struct merge {
	struct tree *tree;
	const struct place *top;
	uint32_t *dummy; /* that replaced top[i] in the table; NONE */
	uint32_t *into;  /* by dummy: its children went to this one; NONE */
};

/* Step 5, C: one is merged with what stands for its subject. */
static void
merge_one(struct merge *merge, size_t i, size_t with)
{
	struct tree *tree = merge->tree;
	uint32_t one = merge->top[i].node, other = merge->top[with].node;

	if (merge->dummy[with] != NONE)
		other = merge->dummy[with];
	if (is_dummy(tree, one) && is_dummy(tree, other)) {
		merge->into[one - tree->messages] = other;
		tree->hidden[one] = true;
	} else if (is_dummy(tree, other) ||
	    (tree->message[one].is_reply && !tree->message[other].is_reply)) {
		tree->parent[one] = other;
	} else {
		merge->dummy[with] = add_dummy(tree);
		tree->parent[one] = tree->parent[other] = merge->dummy[with];
	}
}

/* Children of dummies that were taken into others move there. */
static void
move_children(struct merge *merge, uint32_t dummies)
{
	struct tree *tree = merge->tree;

	for (uint32_t i = 0; i < tree->messages; i++) {
		uint32_t up = tree->parent[i];

		if (up != NONE && is_dummy(tree, up) &&
		    up - tree->messages < dummies &&
		    merge->into[up - tree->messages] != NONE)
			tree->parent[i] = merge->into[up - tree->messages];
	}
}

/* Step 5: threads of one subject become one. */
static void
join_subjects(struct tree *tree)
{
	struct table subjects;
	size_t count, tops = 0;
	struct place *place = arrange(tree, &count), *top = place + count;
	uint32_t dummies = tree->nodes - tree->messages;
	struct merge merge = { .tree = tree };

	while (tops < count && top[-1].parent == NONE) {
		top--;
		tops++;
	}
	merge.top = top;
	merge.dummy = xreallocarray(NULL, tops + 1, sizeof(*merge.dummy));
	merge.into = xreallocarray(NULL, dummies + 1, sizeof(*merge.into));
	memset(merge.dummy, 0xff, (tops + 1) * sizeof(*merge.dummy));
	memset(merge.into, 0xff, (dummies + 1) * sizeof(*merge.into));
	table_init(&subjects, tops);
	take_subjects(tree, top, tops, &subjects);
	for (size_t i = 0; i < tops; i++) {
		uint64_t subject = subject_of(tree, &top[i])->subject;
		bool is_new;
		uint32_t with;

		if (subject == 0)
			continue;
		with = *table_slot(&subjects, subject, &is_new);
		if (with != i)
			merge_one(&merge, i, with);
	}
	move_children(&merge, dummies);
	table_clear(&subjects);
	free(merge.dummy);
	free(merge.into);
	free(place);
}

/* Writes trees whose siblings lie together. */
struct writer {
	struct buf *out;
	const struct tree *tree;
	const struct place *place;
	size_t *from, *to; /* by node: its children in place */
};

/* Writing the thread of one node: siblings still to come, on a stack. */
struct level {
	size_t next, end;
};

static void
put_number(struct writer *writer, uint32_t node, bool *space)
{
	if (is_dummy(writer->tree, node))
		return;
	if (*space)
		(void)buf_addc(writer->out, ' ');
	(void)buf_add_num(writer->out, writer->tree->message[node].number);
	*space = true;
}

/*
 * "(" numbers, while each has one child; where there are more, a
 * parenthesis for each. Returns the node that has them, or NONE.
 */
static uint32_t
put_line(struct writer *writer, uint32_t node)
{
	bool space = false;

	(void)buf_addc(writer->out, '(');
	for (;;) {
		size_t children = writer->to[node] - writer->from[node];

		put_number(writer, node, &space);
		if (children == 0)
			return NONE;
		if (children > 1) {
			if (space)
				(void)buf_addc(writer->out, ' ');
			return node;
		}
		node = writer->place[writer->from[node]].node;
	}
}

/* All of the thread that begins at node, to its last parenthesis. */
static void
put_thread(struct writer *writer, uint32_t node)
{
	struct level *stack = NULL;
	size_t depth = 0, cap = 0;
	uint32_t branch = put_line(writer, node);

	for (;;) {
		if (branch != NONE) {
			if (depth == cap) {
				cap = cap == 0 ? 16 : cap * 2;
				stack =
				    xreallocarray(stack, cap, sizeof(*stack));
			}
			stack[depth++] = (struct level){ writer->from[branch],
				writer->to[branch] };
		} else {
			(void)buf_addc(writer->out, ')');
			while (depth > 0 &&
			    stack[depth - 1].next == stack[depth - 1].end) {
				(void)buf_addc(writer->out, ')');
				depth--;
			}
		}
		if (depth == 0)
			break;
		branch = put_line(writer,
		    writer->place[stack[depth - 1].next++].node);
	}
	free(stack);
}

/* Step 6, and the answer. */
static void
put_tree(struct buf *out, struct tree *tree)
{
	struct writer writer = { .out = out, .tree = tree };
	size_t count, top;
	struct place *place = arrange(tree, &count);

	writer.place = place;
	writer.from = xcalloc(tree->nodes + 1, sizeof(*writer.from));
	writer.to = xcalloc(tree->nodes + 1, sizeof(*writer.to));
	for (top = 0; top < count && place[top].parent != NONE; top++) {
		uint32_t up = place[top].parent;

		if (writer.to[up] == 0)
			writer.from[up] = top;
		writer.to[up] = top + 1;
	}
	for (; top < count; top++)
		put_thread(&writer, place[top].node);
	free(writer.from);
	free(writer.to);
	free(place);
}

static void
tree_init(struct tree *tree, const struct thread_message *message, size_t count)
{
	*tree = (struct tree){ .message = message, .cap = (uint32_t)count };
	tree->parent = xcalloc(count + 1, sizeof(*tree->parent));
	tree->date = xcalloc(count + 1, sizeof(*tree->date));
	tree->hidden = xcalloc(count + 1, sizeof(*tree->hidden));
	tree->is_parent = xcalloc(count + 1, sizeof(*tree->is_parent));
	for (size_t i = 0; i < count; i++) {
		tree->parent[i] = NONE;
		tree->date[i] = message[i].date;
	}
	tree->messages = tree->nodes = (uint32_t)count;
}

static void
tree_clear(struct tree *tree)
{
	free(tree->parent);
	free(tree->date);
	free(tree->hidden);
	free(tree->is_parent);
}

void
thread_by_references(struct buf *out, const struct thread_message *message,
    size_t count, const uint64_t *ref)
{
	struct table ids;
	struct tree tree;
	size_t refs = 0;

	tree_init(&tree, message, count);
	for (size_t i = 0; i < count; i++)
		refs += message[i].refs;
	tree.steps = STEPS * ((uint64_t)count + refs);
	table_init(&ids, count + refs);
	take_ids(&tree, &ids);
	for (size_t i = 0; i < count; i++)
		link_message(&tree, &ids, (uint32_t)i, ref);
	table_clear(&ids);
	prune(&tree);
	join_subjects(&tree);
	put_tree(out, &tree);
	tree_clear(&tree);
}

/* By date, then in the order of the mailbox. */
static int
compare_dates(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void
thread_by_subject(struct buf *out, const struct thread_message *message,
    size_t count)
{
	struct place *place = xcalloc(count + 1, sizeof(*place));
	struct table subjects;
	struct tree tree;

	tree_init(&tree, message, count);
	table_init(&subjects, count);
	for (size_t i = 0; i < count; i++)
		place[i] = (struct place){ .node = (uint32_t)i,
			.date = message[i].date };
	qsort(place, count, sizeof(*place), compare_dates);
	/* The first of a subject is the parent of the others. */
	for (size_t i = 0; i < count; i++) {
		uint64_t subject = message[place[i].node].subject;
		bool is_new;
		uint32_t *slot;

		/* No subject is a subject too: one key is kept for it. */
		slot =
		    table_slot(&subjects, subject == 0 ? 1 : subject, &is_new);
		if (is_new)
			*slot = place[i].node;
		else
			tree.parent[place[i].node] = *slot;
	}
	put_tree(out, &tree);
	table_clear(&subjects);
	tree_clear(&tree);
	free(place);
}
