/*
 * list - doubly linked lists whose links live in the members.
 *
 * An empty list's head points at itself, so that insertion and removal have
 * no special cases. list_init before use; a removed link points at itself,
 * so removing twice is harmless.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct list {
	struct list *next, *prev;
};

#define LIST_ITEM(link, type, member) CONTAINER_OF(link, type, member)

/* Safe against the removal of at itself. */
#define LIST_FOREACH(at, head)                                                 \
	for (struct list *at = (head)->next, *at##_next = at->next;            \
	     at != (head); at = at##_next, at##_next = at->next)

static inline void
list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool
list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void
list_insert_after(struct list *where, struct list *link)
{
	link->prev = where;
	link->next = where->next;
	where->next->prev = link;
	where->next = link;
}

static inline void
list_push(struct list *head, struct list *link) /* at the end */
{
	list_insert_after(head->prev, link);
}

static inline void
list_push_front(struct list *head, struct list *link)
{
	list_insert_after(head, link);
}

static inline void
list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* The first link, taken off; NULL when empty. */
static inline struct list *
list_pop(struct list *head)
{
	struct list *link = head->next;

	if (link == head)
		return NULL;
	list_remove(link);
	return link;
}

#endif
