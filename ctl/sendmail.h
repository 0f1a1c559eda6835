/*
 * sendmail - what cron and other programs call to send a message.
 *
 * The command as "sendmail": the message on standard input goes to this
 * instance by SMTP on loopback, as from any other program of this host. As
 * "mailq": the queue.
 */
#ifndef CTL_SENDMAIL_H
#define CTL_SENDMAIL_H

/* The exit status, of sysexits.h. dir: the instance's. */
int sendmail(const char *dir, int argc, char **argv);

#endif
