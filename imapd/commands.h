/*
 * commands - the handlers of the table in command.c, a file a family.
 */
#ifndef IMAPD_COMMANDS_H
#define IMAPD_COMMANDS_H

struct command;

void acl_delete(struct command *cmd);
void acl_get(struct command *cmd);
void acl_list_rights(struct command *cmd);
void acl_my_rights(struct command *cmd);
void acl_set(struct command *cmd);

void append_run(struct command *cmd);

void basic_compress(struct command *cmd);
void basic_capability(struct command *cmd);
void basic_enable(struct command *cmd);
void basic_id(struct command *cmd);
void basic_logged_in(struct command *cmd);
void basic_logout(struct command *cmd);
void basic_namespace(struct command *cmd);
void basic_noop(struct command *cmd);

void copy_move(struct command *cmd);
void copy_run(struct command *cmd);

void create_create(struct command *cmd);
void create_delete(struct command *cmd);
void create_rename(struct command *cmd);
void create_subscribe(struct command *cmd);
void create_unsubscribe(struct command *cmd);

void expunge_run(struct command *cmd);
void expunge_uids(struct command *cmd);

void fetch_run(struct command *cmd);

void idle_run(struct command *cmd);

void list_list(struct command *cmd);
void list_lsub(struct command *cmd);

void quota_get(struct command *cmd);
void quota_get_root(struct command *cmd);
void quota_set(struct command *cmd);

void search_run(struct command *cmd);

void select_close(struct command *cmd);
void select_examine(struct command *cmd);
void select_select(struct command *cmd);
void select_unselect(struct command *cmd);

void sort_run(struct command *cmd);

void status_run(struct command *cmd);

void store_command(struct command *cmd);

void thread_run(struct command *cmd);

#endif
