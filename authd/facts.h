/*
 * facts - what the directory says of a user that goes into a ticket beside
 * the name: groups and quota.
 *
 * A group is known by the first component of its DN: "mail=sales@a.test,..."
 * is sales@a.test; "cn=sales,..." is sales in the user's own domain.
 *
 * Ownership: the struct owns groups.
 */
#ifndef AUTHD_FACTS_H
#define AUTHD_FACTS_H

#include <stdint.h>

#include "auth/ticket.h"
#include "base/buf.h"
#include "dict/ldap_entry.h"

struct facts {
	struct buf groups; /* names, each with a line feed behind it */
	uint64_t quota;    /* bytes; 0: none */
	uint64_t quota_messages;
};

void facts_init(struct facts *facts);
void facts_clear(struct facts *facts);
void facts_copy(struct facts *to, const struct facts *from);

/*
 * From the entries of a user and (or NULL) the domain, which has the quota
 * of those who have none of their own.
 */
void facts_take(struct facts *facts, const struct ldap_entry *user,
    const struct ldap_entry *domain);
/* The groups as a ticket has them, in room for TICKET_GROUPS_MAX. */
void facts_groups(const struct facts *facts, struct ticket_group *group,
    struct ipc_list *out);

/*
 * Sign the ticket of somebody with these facts, whose names are filled in: it
 * is issued now, or when it says if that is later, and holds for so many
 * seconds.
 */
int facts_sign(const struct facts *facts, struct ticket *ticket,
    int64_t lifetime, const struct ticket_signer *signer, struct buf *out,
    struct err *err);

/* The name of a group by its DN, in lower case. -1: it has none. */
int facts_group_name(struct buf *out, struct str dn, struct str domain);

#endif
