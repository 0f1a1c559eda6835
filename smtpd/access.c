#include "smtpd/access.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "smtpd/check.h"

#define ANY   ARGUMENT_NONE
#define TABLE ARGUMENT_TABLE
#define LIST  ARGUMENT_DOMAIN

/*
 * Every restriction by Postfix's name. The man page smtpd(8) has them in this
 * order and these words, and t/e2e/smtp/restrictions.py a dialogue in which
 * each refuses or permits and one in which it does not.
 */
/* clang-format off */
static const struct access_rule rules[] = {
	{ "permit", ANY, check_permit, SUBJECT_NONE, 0,
	    "Permit." },
	{ "reject", ANY, check_reject, SUBJECT_NONE, 0,
	    "Refuse with\n.Va reject_code ." },
	{ "defer", ANY, check_defer, SUBJECT_NONE, 0,
	    "Refuse for now, with\n.Va defer_code ." },
	{ "defer_if_permit", ANY, check_defer_if_permit, SUBJECT_NONE, 0,
	    "Refuse for now what the lists would permit in the end." },
	{ "warn_if_reject", ANY, NULL, SUBJECT_NONE, 0,
	    "What comes next is not refused by it, only logged." },
	{ "permit_mynetworks", ANY, check_mynetworks, SUBJECT_NONE, 0,
	    "Permit clients in\n.Va mynetworks ." },
	{ "permit_sasl_authenticated", ANY, check_sasl, SUBJECT_NONE, 0,
	    "Permit clients that have logged in." },
	{ "permit_auth_destination", ANY, check_auth_destination, SUBJECT_RCPT,
	    0, "Permit recipients in domains of ours." },
	{ "reject_unauth_destination", ANY, check_unauth_destination,
	    SUBJECT_RCPT, 0,
	    "Refuse recipients in domains not ours, with\n"
	    ".Va relay_domains_reject_code ." },
	{ "defer_unauth_destination", ANY, check_unauth_destination,
	    SUBJECT_RCPT, 1,
	    "The same for now, with\n.Va defer_code ." },
	{ "reject_unauth_pipelining", ANY, check_pipelining, SUBJECT_NONE, 0,
	    "Refuse clients that sent the next command before they may." },
	{ "reject_plaintext_session", ANY, check_plaintext, SUBJECT_NONE, 0,
	    "Refuse clients without TLS, with\n"
	    ".Va plaintext_reject_code ." },
	{ "reject_unknown_client_hostname", ANY, check_client_name,
	    SUBJECT_CLIENT, 0,
	    "Refuse clients whose address has no name, or one that does not "
	    "lead back\nto it, with\n.Va unknown_client_reject_code ." },
	{ "reject_unknown_reverse_client_hostname", ANY, check_reverse_name,
	    SUBJECT_REVERSE, 0,
	    "Refuse clients whose address has no name." },
	{ "reject_rbl_client", LIST, check_rbl_client, SUBJECT_CLIENT, 0,
	    "Refuse clients whose address is in this list in the DNS, with\n"
	    ".Va maps_rbl_reject_code .\n"
	    "Behind the domain may stand which answers count:\n"
	    ".Li =127.0.0.2\nor\n.Li =127.0.0.[2;4..7] ." },
	{ "reject_rhsbl_client", LIST, check_rhsbl, SUBJECT_CLIENT, 0,
	    "The same by the client's name." },
	{ "reject_rhsbl_reverse_client", LIST, check_rhsbl, SUBJECT_REVERSE, 0,
	    "By the client's name even if it does not lead back." },
	{ "reject_rhsbl_helo", LIST, check_rhsbl, SUBJECT_HELO, 0,
	    "By the name in HELO or EHLO." },
	{ "reject_rhsbl_sender", LIST, check_rhsbl, SUBJECT_SENDER, 0,
	    "By the sender's domain." },
	{ "reject_rhsbl_recipient", LIST, check_rhsbl, SUBJECT_RCPT, 0,
	    "By the recipient's domain." },
	{ "permit_dnswl_client", LIST, check_dnswl, SUBJECT_CLIENT, 0,
	    "Permit clients whose address is in this list." },
	{ "reject_invalid_helo_hostname", ANY, check_helo_invalid,
	    SUBJECT_HELO, 0,
	    "Refuse a HELO or EHLO whose name no host can have, with\n"
	    ".Va invalid_hostname_reject_code ." },
	{ "reject_non_fqdn_helo_hostname", ANY, check_fqdn_helo, SUBJECT_HELO,
	    0,
	    "Refuse one that is neither a full name nor an address in "
	    "brackets, with\n.Va non_fqdn_reject_code ." },
	{ "reject_unknown_helo_hostname", ANY, check_helo_unknown,
	    SUBJECT_HELO, 0,
	    "Refuse one that has neither address nor MX in the DNS, with\n"
	    ".Va unknown_hostname_reject_code ." },
	{ "reject_non_fqdn_sender", ANY, check_fqdn_address, SUBJECT_SENDER, 0,
	    "Refuse senders whose domain is no full name, with\n"
	    ".Va non_fqdn_reject_code ." },
	{ "reject_unknown_sender_domain", ANY, check_domain_unknown,
	    SUBJECT_SENDER, 0,
	    "Refuse senders whose domain is not ours and has neither MX nor "
	    "address, with\n.Va unknown_address_reject_code ,\n"
	    "or takes no mail (a null MX, 550)." },
	{ "reject_unlisted_sender", ANY, check_unlisted, SUBJECT_SENDER, 0,
	    "Refuse senders in our domains who do not exist, with\n"
	    ".Va unknown_local_recipient_reject_code ." },
	{ "reject_sender_login_mismatch", ANY, check_login_mismatch,
	    SUBJECT_SENDER, MISMATCH_AUTHENTICATED | MISMATCH_UNAUTHENTICATED,
	    "Refuse senders that the client, logged in, may not send as, and "
	    "those of\nour users where it has not (553)." },
	{ "reject_authenticated_sender_login_mismatch", ANY,
	    check_login_mismatch, SUBJECT_SENDER, MISMATCH_AUTHENTICATED,
	    "The same for clients that have logged in." },
	{ "reject_unauthenticated_sender_login_mismatch", ANY,
	    check_login_mismatch, SUBJECT_SENDER, MISMATCH_UNAUTHENTICATED,
	    "The same for clients that have not." },
	{ "reject_known_sender_login_mismatch", ANY, check_login_mismatch,
	    SUBJECT_SENDER, MISMATCH_AUTHENTICATED | MISMATCH_KNOWN,
	    "Of clients that have logged in, refuse only senders who are "
	    "others of our users." },
	{ "reject_non_fqdn_recipient", ANY, check_fqdn_address, SUBJECT_RCPT,
	    0, "Refuse recipients whose domain is no full name." },
	{ "reject_unknown_recipient_domain", ANY, check_domain_unknown,
	    SUBJECT_RCPT, 0,
	    "Refuse recipients whose domain is not ours and has neither MX "
	    "nor address." },
	{ "reject_unlisted_recipient", ANY, check_unlisted, SUBJECT_RCPT, 0,
	    "Refuse recipients in our domains who do not exist.\n"
	    "It happens behind all lists in any case." },
	{ "check_client_access", TABLE, check_table, SUBJECT_CLIENT, 0,
	    "Do what the table has for the client's name, its parent domains, "
	    "the address,\nor the first parts of it." },
	{ "check_reverse_client_hostname_access", TABLE, check_table,
	    SUBJECT_REVERSE, 0,
	    "For the client's name even if it does not lead back." },
	{ "check_helo_access", TABLE, check_table, SUBJECT_HELO, 0,
	    "For the name in HELO or EHLO and its parent domains." },
	{ "check_sender_access", TABLE, check_table, SUBJECT_SENDER, 0,
	    "For the sender's address, its domain and parent domains, and\n"
	    ".Ar name Ns Li @ ;\n"
	    "the null sender is\n.Va smtpd_null_access_lookup_key ." },
	{ "check_recipient_access", TABLE, check_table, SUBJECT_RCPT, 0,
	    "For the recipient's." },
	{ "check_sasl_access", TABLE, check_table, SUBJECT_USER, 0,
	    "For the user who has logged in." },
	{ "check_client_a_access", TABLE, check_server, SUBJECT_CLIENT, DNS_A,
	    "For the addresses of the client's name." },
	{ "check_client_mx_access", TABLE, check_server, SUBJECT_CLIENT,
	    DNS_MX, "For the MX hosts of the client's name and their "
	    "addresses.\nOK is not taken here or in what follows." },
	{ "check_client_ns_access", TABLE, check_server, SUBJECT_CLIENT,
	    DNS_NS, "For its name servers and their addresses." },
	{ "check_helo_a_access", TABLE, check_server, SUBJECT_HELO, DNS_A,
	    "The same of the name in HELO or EHLO." },
	{ "check_helo_mx_access", TABLE, check_server, SUBJECT_HELO, DNS_MX,
	    "For its MX hosts." },
	{ "check_helo_ns_access", TABLE, check_server, SUBJECT_HELO, DNS_NS,
	    "For its name servers." },
	{ "check_sender_a_access", TABLE, check_server, SUBJECT_SENDER, DNS_A,
	    "The same of the sender's domain." },
	{ "check_sender_mx_access", TABLE, check_server, SUBJECT_SENDER,
	    DNS_MX, "For its MX hosts." },
	{ "check_sender_ns_access", TABLE, check_server, SUBJECT_SENDER,
	    DNS_NS, "For its name servers." },
	{ "check_recipient_a_access", TABLE, check_server, SUBJECT_RCPT,
	    DNS_A, "The same of the recipient's domain." },
	{ "check_recipient_mx_access", TABLE, check_server, SUBJECT_RCPT,
	    DNS_MX, "For its MX hosts." },
	{ "check_recipient_ns_access", TABLE, check_server, SUBJECT_RCPT,
	    DNS_NS, "For its name servers." },
};
/* clang-format on */

bool
access_row_at(size_t i, struct access_row *row)
{
	static const char *const arguments[] = {
		[ARGUMENT_NONE] = "",
		[ARGUMENT_TABLE] = "type:table",
		[ARGUMENT_DOMAIN] = "domain",
	};

	if (i >= NELEMS(rules))
		return false;
	*row = (struct access_row){
		.name = rules[i].name,
		.argument = arguments[rules[i].argument],
		.says = rules[i].says,
	};
	return true;
}

const struct access_rule *
access_rule_find(struct str name)
{
	for (size_t i = 0; i < NELEMS(rules); i++) {
		if (str_eqz(name, rules[i].name))
			return &rules[i];
	}
	return NULL;
}
