#include "ipc/store_msg.h"

enum {
	USER = 320,
	IDENTITY = 330,
	NAME = 480,
	TICKET = 4096,
	KEYWORD = 100,
	KEYWORDS = 64,
	PREFIX = 1400,
	QUEUE_ID = 64,
	TARGETS = 1000,
	UPLOADS = 2000,
	TEXT = 64 << 10,
};

static const struct ipc_field word_fields[] = {
	IPC_FIELD(struct store_word, STR, word, KEYWORD),
};
static const struct ipc_msg word_item = IPC_MSG(store_word, 0, word_fields);

static const struct ipc_field id_fields[] = {
	IPC_FIELD(struct store_word, STR, word, QUEUE_ID),
};
static const struct ipc_msg id_item = IPC_MSG(store_word, 0, id_fields);

static const struct ipc_field group_fields[] = {
	IPC_FIELD(struct store_word, STR, word, USER),
};
static const struct ipc_msg group_item = IPC_MSG(store_word, 0, group_fields);

static const struct ipc_field hello_fields[] = {
	IPC_FIELD(struct store_hello, STR, user, USER),
	IPC_FIELD(struct store_hello, STR, ticket, TICKET),
	IPC_FIELD(struct store_hello, BOOL, pin, 0),
};
const struct ipc_msg store_hello_msg =
    IPC_MSG(store_hello, STORE_HELLO, hello_fields);

static const struct ipc_field welcome_fields[] = {
	IPC_FIELD(struct store_welcome, U32, user, 0),
	IPC_ITEMS(struct store_welcome, groups, STORE_MSG_GROUPS_MAX,
	    &group_item),
	IPC_FIELD(struct store_welcome, STR, incarnation, 16),
	IPC_FIELD(struct store_welcome, FD, epoch_fd, 0),
	IPC_FIELD(struct store_welcome, FD, pin_fd, 0),
};
const struct ipc_msg store_welcome_msg =
    IPC_MSG(store_welcome, STORE_WELCOME, welcome_fields);

#define M struct store_target
static const struct ipc_field target_fields[] = {
	IPC_FIELD(M, U32, number, 0),
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, BOOL, make, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_ITEMS(M, keywords, KEYWORDS, &word_item),
	IPC_FIELD(M, STR, prefix, PREFIX),
	IPC_FIELD(M, BOOL, post, 0),
	IPC_FIELD(M, U64, quota, 0),
	IPC_FIELD(M, U64, quota_messages, 0),
};
#undef M
static const struct ipc_msg target_item =
    IPC_MSG(store_target, 0, target_fields);

#define M struct store_append
static const struct ipc_field append_fields[] = {
	IPC_FIELD(M, U64, queue, 0),
	IPC_FIELD(M, STR, queue_id, QUEUE_ID),
	IPC_FIELD(M, U64, internal, 0),
	IPC_ITEMS(M, targets, TARGETS, &target_item),
	IPC_FIELD(M, STR, digest, STORE_MSG_DIGEST_MAX),
	IPC_FIELD(M, STR, body, STORE_MSG_INLINE_MAX),
	IPC_FIELD(M, U64, large, 0),
	IPC_FIELD(M, U64, large_len, 0),
	IPC_FIELD(M, BOOL, hold, 0),
	IPC_FIELD(M, BOOL, claims, 0),
};
#undef M
const struct ipc_msg store_append_msg =
    IPC_MSG(store_append, STORE_APPEND, append_fields);

#define M struct store_append_result
static const struct ipc_field result_fields[] = {
	IPC_FIELD(M, U8, kind, 0),
	IPC_FIELD(M, U8, cause, 0),
	IPC_FIELD(M, STR, text, 200),
	IPC_FIELD(M, BOOL, repeated, 0),
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U32, uidvalidity, 0),
	IPC_FIELD(M, U32, uid, 0),
	IPC_FIELD(M, U32, recent, 0),
};
#undef M
static const struct ipc_msg result_item =
    IPC_MSG(store_append_result, 0, result_fields);

static const struct ipc_field appended_fields[] = {
	IPC_ITEMS(struct store_appended, results, TARGETS, &result_item),
	IPC_FIELD(struct store_appended, U64, blob, 0),
};
const struct ipc_msg store_appended_msg =
    IPC_MSG(store_appended, STORE_APPENDED, appended_fields);

#define M struct store_appendee
static const struct ipc_field appendee_fields[] = {
	IPC_FIELD(M, U64, internal, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_ITEMS(M, keywords, KEYWORDS, &word_item),
	IPC_FIELD(M, STR, digest, STORE_MSG_DIGEST_MAX),
	IPC_FIELD(M, STR, body, STORE_MSG_INLINE_MAX),
};
#undef M
static const struct ipc_msg appendee_item =
    IPC_MSG(store_appendee, 0, appendee_fields);

static const struct ipc_field append_all_fields[] = {
	IPC_FIELD(struct store_append_all, STR, name, NAME),
	IPC_ITEMS(struct store_append_all, messages, UPLOADS, &appendee_item),
};
const struct ipc_msg store_append_all_msg =
    IPC_MSG(store_append_all, STORE_APPEND_ALL, append_all_fields);

#define M struct store_adoptee
static const struct ipc_field adoptee_fields[] = {
	IPC_FIELD(M, U64, blob, 0),
	IPC_FIELD(M, U64, internal, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_ITEMS(M, keywords, KEYWORDS, &word_item),
};
#undef M
static const struct ipc_msg adoptee_item =
    IPC_MSG(store_adoptee, 0, adoptee_fields);

static const struct ipc_field adopt_fields[] = {
	IPC_FIELD(struct store_adopt, STR, user, USER),
	IPC_FIELD(struct store_adopt, STR, name, NAME),
	IPC_ITEMS(struct store_adopt, uploads, UPLOADS, &adoptee_item),
};
const struct ipc_msg store_adopt_msg =
    IPC_MSG(store_adopt, STORE_ADOPT, adopt_fields);

#define M struct store_adopted
static const struct ipc_field adopted_fields[] = {
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U32, uidvalidity, 0),
	IPC_FIELD(M, U32, first, 0),
	IPC_FIELD(M, U32, count, 0),
};
#undef M
const struct ipc_msg store_adopted_msg =
    IPC_MSG(store_adopted, STORE_ADOPTED, adopted_fields);

#define M struct store_flags
static const struct ipc_field flags_fields[] = {
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, STR, uids, STORE_MSG_UIDS_MAX),
	IPC_FIELD(M, U8, mode, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_ITEMS(M, keywords, KEYWORDS, &word_item),
	IPC_FIELD(M, U64, unchanged_since, 0),
};
#undef M
const struct ipc_msg store_flags_msg =
    IPC_MSG(store_flags, STORE_FLAGS, flags_fields);

static const struct ipc_field flagged_fields[] = {
	IPC_FIELD(struct store_flagged, U64, modseq, 0),
	IPC_FIELD(struct store_flagged, U32, changed, 0),
	IPC_FIELD(struct store_flagged, U16, flags, 0),
	IPC_FIELD(struct store_flagged, BOOL, keywords, 0),
	IPC_FIELD(struct store_flagged, STR, rejected, STORE_MSG_UIDS_MAX),
};
const struct ipc_msg store_flagged_msg =
    IPC_MSG(store_flagged, STORE_FLAGGED, flagged_fields);

static const struct ipc_field expunge_fields[] = {
	IPC_FIELD(struct store_expunge, U32, mailbox, 0),
	IPC_FIELD(struct store_expunge, STR, uids, STORE_MSG_UIDS_MAX),
	IPC_FIELD(struct store_expunge, BOOL, deleted_only, 0),
};
const struct ipc_msg store_expunge_msg =
    IPC_MSG(store_expunge, STORE_EXPUNGE, expunge_fields);

static const struct ipc_field expunged_fields[] = {
	IPC_FIELD(struct store_expunged, U64, modseq, 0),
	IPC_FIELD(struct store_expunged, U32, count, 0),
};
const struct ipc_msg store_expunged_msg =
    IPC_MSG(store_expunged, STORE_EXPUNGED, expunged_fields);

#define M struct store_copy
static const struct ipc_field copy_fields[] = {
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, STR, uids, STORE_MSG_UIDS_MAX),
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, BOOL, move, 0),
};
#undef M
const struct ipc_msg store_copy_msg =
    IPC_MSG(store_copy, STORE_COPY, copy_fields);

#define M struct store_copied
static const struct ipc_field copied_fields[] = {
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U32, uidvalidity, 0),
	IPC_FIELD(M, U32, count, 0),
	IPC_FIELD(M, STR, uids, STORE_MSG_UIDS_MAX),
	IPC_FIELD(M, STR, to, STORE_MSG_UIDS_MAX),
};
#undef M
const struct ipc_msg store_copied_msg =
    IPC_MSG(store_copied, STORE_COPIED, copied_fields);

#define M struct store_mailbox
static const struct ipc_field mailbox_fields[] = {
	IPC_FIELD(M, U8, op, 0),
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, STR, name2, NAME),
	IPC_FIELD(M, U8, use, 0),
	IPC_FIELD(M, U8, type, 0),
	IPC_FIELD(M, BOOL, wholly, 0),
};
#undef M
const struct ipc_msg store_mailbox_msg =
    IPC_MSG(store_mailbox, STORE_MAILBOX, mailbox_fields);

static const struct ipc_field mailbox_done_fields[] = {
	IPC_FIELD(struct store_mailbox_done, U32, mailbox, 0),
	IPC_FIELD(struct store_mailbox_done, U32, uidvalidity, 0),
};
const struct ipc_msg store_mailbox_done_msg =
    IPC_MSG(store_mailbox_done, STORE_MAILBOX_DONE, mailbox_done_fields);

#define M struct store_acl_change
static const struct ipc_field acl_change_fields[] = {
	IPC_FIELD(M, U8, op, 0),
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, STR, identifier, IDENTITY),
	IPC_FIELD(M, U8, mode, 0),
	IPC_FIELD(M, U32, rights, 0),
};
#undef M
const struct ipc_msg store_acl_change_msg =
    IPC_MSG(store_acl_change, STORE_ACL, acl_change_fields);

static const struct ipc_field acl_item_fields[] = {
	IPC_FIELD(struct store_acl_item, STR, identifier, IDENTITY),
	IPC_FIELD(struct store_acl_item, U16, given, 0),
	IPC_FIELD(struct store_acl_item, U16, denied, 0),
};
static const struct ipc_msg acl_item =
    IPC_MSG(store_acl_item, 0, acl_item_fields);

static const struct ipc_field acl_list_fields[] = {
	IPC_ITEMS(struct store_acl_list, items, 100, &acl_item),
};
const struct ipc_msg store_acl_list_msg =
    IPC_MSG(store_acl_list, STORE_ACL_LIST, acl_list_fields);

#define M struct store_quota
static const struct ipc_field quota_fields[] = {
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, BOOL, set, 0),
	IPC_FIELD(M, U64, limit_bytes, 0),
	IPC_FIELD(M, U64, limit_messages, 0),
};
#undef M
const struct ipc_msg store_quota_msg =
    IPC_MSG(store_quota, STORE_QUOTA, quota_fields);

#define M struct store_quota_state
static const struct ipc_field quota_state_fields[] = {
	IPC_FIELD(M, U64, bytes, 0),
	IPC_FIELD(M, U64, messages, 0),
	IPC_FIELD(M, U64, limit_bytes, 0),
	IPC_FIELD(M, U64, limit_messages, 0),
};
#undef M
const struct ipc_msg store_quota_state_msg =
    IPC_MSG(store_quota_state, STORE_QUOTA_STATE, quota_state_fields);

static const struct ipc_field full_fields[] = {
	IPC_FIELD(struct store_full, U8, unused, 0),
};
const struct ipc_msg store_full_msg =
    IPC_MSG(store_full, STORE_FULL, full_fields);

static const struct ipc_field full_list_fields[] = {
	IPC_ITEMS(struct store_full_list, users, STORE_MSG_FULL_MAX,
	    &group_item),
};
const struct ipc_msg store_full_list_msg =
    IPC_MSG(store_full_list, STORE_FULL_LIST, full_list_fields);

static const struct ipc_field recent_fields[] = {
	IPC_FIELD(struct store_recent, U32, mailbox, 0),
};
const struct ipc_msg store_recent_msg =
    IPC_MSG(store_recent, STORE_RECENT, recent_fields);

static const struct ipc_field recent_done_fields[] = {
	IPC_FIELD(struct store_recent_done, U32, first, 0),
	IPC_FIELD(struct store_recent_done, U32, next, 0),
};
const struct ipc_msg store_recent_done_msg =
    IPC_MSG(store_recent_done, STORE_RECENT_DONE, recent_done_fields);

static const struct ipc_field watch_fields[] = {
	IPC_FIELD(struct store_watch, U32, mailbox, 0),
	IPC_FIELD(struct store_watch, BOOL, on, 0),
};
const struct ipc_msg store_watch_msg =
    IPC_MSG(store_watch, STORE_WATCH, watch_fields);

static const struct ipc_field notice_fields[] = {
	IPC_FIELD(struct store_notice, U32, user, 0),
	IPC_FIELD(struct store_notice, U32, mailbox, 0),
	IPC_FIELD(struct store_notice, U64, modseq, 0),
};
const struct ipc_msg store_notice_msg =
    IPC_MSG(store_notice, STORE_NOTICE, notice_fields);

static const struct ipc_field pack_fields[] = {
	IPC_FIELD(struct store_pack, U32, pack, 0),
	IPC_FIELD(struct store_pack, U64, blob, 0),
};
const struct ipc_msg store_pack_msg =
    IPC_MSG(store_pack, STORE_PACK, pack_fields);

static const struct ipc_field pack_open_fields[] = {
	IPC_FIELD(struct store_pack_open, FD, fd, 0),
};
const struct ipc_msg store_pack_open_msg =
    IPC_MSG(store_pack_open, STORE_PACK_OPEN, pack_open_fields);

static const struct ipc_field large_fields[] = {
	IPC_FIELD(struct store_large, U64, size_hint, 0),
};
const struct ipc_msg store_large_msg =
    IPC_MSG(store_large, STORE_LARGE, large_fields);

static const struct ipc_field large_open_fields[] = {
	IPC_FIELD(struct store_large_open, U64, token, 0),
	IPC_FIELD(struct store_large_open, U64, limit, 0),
	IPC_FIELD(struct store_large_open, FD, fd, 0),
};
const struct ipc_msg store_large_open_msg =
    IPC_MSG(store_large_open, STORE_LARGE_OPEN, large_open_fields);

static const struct ipc_field settle_fields[] = {
	IPC_FIELD(struct store_settle, U8, op, 0),
	IPC_FIELD(struct store_settle, U64, queue, 0),
	IPC_ITEMS(struct store_settle, ids, STORE_MSG_IDS_MAX, &id_item),
};
const struct ipc_msg store_settle_msg =
    IPC_MSG(store_settle, STORE_SETTLE, settle_fields);

static const struct ipc_field list_fields[] = {
	IPC_FIELD(struct store_list, STR, user, USER),
	IPC_FIELD(struct store_list, STR, after, NAME),
	IPC_FIELD(struct store_list, BOOL, deleted, 0),
	IPC_FIELD(struct store_list, U32, above, 0),
};
const struct ipc_msg store_list_msg =
    IPC_MSG(store_list, STORE_LIST, list_fields);

#define M struct store_listing
static const struct ipc_field listing_fields[] = {
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, U32, mailbox, 0),
	IPC_FIELD(M, U8, use, 0),
	IPC_FIELD(M, U8, type, 0),
	IPC_FIELD(M, BOOL, subscribed, 0),
	IPC_FIELD(M, U32, exists, 0),
	IPC_FIELD(M, U32, unseen, 0),
	IPC_FIELD(M, U64, bytes, 0),
	IPC_FIELD(M, U32, when, 0),
};
#undef M
static const struct ipc_msg listing_item =
    IPC_MSG(store_listing, 0, listing_fields);

static const struct ipc_field listed_fields[] = {
	IPC_ITEMS(struct store_listed, mailboxes, 1000, &listing_item),
	IPC_FIELD(struct store_listed, BOOL, more, 0),
};
const struct ipc_msg store_listed_msg =
    IPC_MSG(store_listed, STORE_LISTED, listed_fields);

static const struct ipc_field admin_fields[] = {
	IPC_FIELD(struct store_admin, U8, op, 0),
};
const struct ipc_msg store_admin_msg =
    IPC_MSG(store_admin, STORE_ADMIN, admin_fields);

static const struct ipc_field admin_done_fields[] = {
	IPC_FIELD(struct store_admin_done, U64, checked, 0),
	IPC_FIELD(struct store_admin_done, U64, problems, 0),
	IPC_FIELD(struct store_admin_done, STR, text, TEXT),
};
const struct ipc_msg store_admin_done_msg =
    IPC_MSG(store_admin_done, STORE_ADMIN_DONE, admin_done_fields);

static const struct ipc_field follow_fields[] = {
	IPC_FIELD(struct store_follow, U32, mailbox, 0),
	IPC_FIELD(struct store_follow, BOOL, on, 0),
	IPC_FIELD(struct store_follow, U64, modseq, 0),
};
const struct ipc_msg store_follow_msg =
    IPC_MSG(store_follow, STORE_FOLLOW, follow_fields);

static const struct ipc_field done_fields[] = {
	IPC_FIELD(struct store_done, U8, unused, 0),
};
const struct ipc_msg store_done_msg =
    IPC_MSG(store_done, STORE_DONE, done_fields);

#define M struct store_graves
static const struct ipc_field graves_fields[] = {
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, U64, modseq, 0),
	IPC_FIELD(M, U32, uid, 0),
	IPC_FIELD(M, U32, deleted, 0),
};
#undef M
const struct ipc_msg store_graves_msg =
    IPC_MSG(store_graves, STORE_GRAVES, graves_fields);

#define M struct store_grave
static const struct ipc_field grave_fields[] = {
	IPC_FIELD(M, U32, uid, 0),
	IPC_FIELD(M, U64, modseq, 0),
	IPC_FIELD(M, U64, when, 0),
	IPC_FIELD(M, U64, internal, 0),
	IPC_FIELD(M, U32, size, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_FIELD(M, STR, digest, 2000),
};
#undef M
static const struct ipc_msg grave_item = IPC_MSG(store_grave, 0, grave_fields);

#define M struct store_graves_are
static const struct ipc_field graves_are_fields[] = {
	IPC_ITEMS(M, graves, STORE_MSG_GRAVES_MAX, &grave_item),
	IPC_FIELD(M, BOOL, more, 0),
};
#undef M
const struct ipc_msg store_graves_are_msg =
    IPC_MSG(store_graves_are, STORE_GRAVES_ARE, graves_are_fields);

#define M struct store_undelete
static const struct ipc_field undelete_fields[] = {
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, U64, since, 0),
	IPC_FIELD(M, STR, uids, STORE_MSG_UIDS_MAX),
	IPC_FIELD(M, U32, deleted, 0),
};
#undef M
const struct ipc_msg store_undelete_msg =
    IPC_MSG(store_undelete, STORE_UNDELETE, undelete_fields);

static const struct ipc_field undeleted_fields[] = {
	IPC_FIELD(struct store_undeleted, U32, count, 0),
};
const struct ipc_msg store_undeleted_msg =
    IPC_MSG(store_undeleted, STORE_UNDELETED, undeleted_fields);

#define M struct store_browse
static const struct ipc_field browse_fields[] = {
	IPC_FIELD(M, STR, user, USER),
	IPC_FIELD(M, STR, name, NAME),
	IPC_FIELD(M, U32, after, 0),
};
#undef M
const struct ipc_msg store_browse_msg =
    IPC_MSG(store_browse, STORE_BROWSE, browse_fields);

static const struct ipc_field void_fields[] = {
	IPC_FIELD(struct store_void, STR, user, USER),
	IPC_FIELD(struct store_void, U64, not_before, 0),
	IPC_FIELD(struct store_void, U64, until, 0),
};
const struct ipc_msg store_void_msg =
    IPC_MSG(store_void, STORE_VOID, void_fields);

#define M struct store_browsed_message
static const struct ipc_field browsed_message_fields[] = {
	IPC_FIELD(M, U32, uid, 0),
	IPC_FIELD(M, U16, flags, 0),
	IPC_FIELD(M, U64, keywords, 0),
	IPC_FIELD(M, U64, internal, 0),
	IPC_FIELD(M, STR, prefix, PREFIX),
	IPC_FIELD(M, U64, blob, 0),
	IPC_FIELD(M, U32, pack, 0),
	IPC_FIELD(M, U32, length, 0),
	IPC_FIELD(M, U64, offset, 0),
	IPC_FIELD(M, STR, guid, 16),
};
#undef M
static const struct ipc_msg browsed_message_item =
    IPC_MSG(store_browsed_message, 0, browsed_message_fields);

#define M struct store_browsed
static const struct ipc_field browsed_fields[] = {
	IPC_ITEMS(M, keywords, KEYWORDS, &word_item),
	IPC_ITEMS(M, messages, STORE_MSG_BROWSE_MAX, &browsed_message_item),
	IPC_FIELD(M, BOOL, more, 0),
};
#undef M
const struct ipc_msg store_browsed_msg =
    IPC_MSG(store_browsed, STORE_BROWSED, browsed_fields);
