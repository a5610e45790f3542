/* Lets keepalived run where the kernel has no IPVS, for measurements: it stands in front of the
 * functions of libnl by which keepalived talks to IPVS, and says that each request was done. So its
 * programming costs nothing; its checks, its reading and its VRRP are its own. */

struct nl_sock;
struct nl_msg;
typedef int (*callback)(struct nl_msg *, void *);

/* enum nl_cb_type of libnl's netlink/handlers.h */
enum { FINISH = 1, ACK = 4 };
/* Any number above those of the kernel's own families. */
enum { FAMILY = 64 };

static callback on_finish, on_ack;
static void *finish_argument, *ack_argument;

int genl_connect(struct nl_sock *socket)
{
    (void)socket;
    return 0;
}

int genl_ctrl_resolve(struct nl_sock *socket, const char *name)
{
    (void)socket;
    (void)name;
    return FAMILY;
}

int nl_socket_modify_cb(struct nl_sock *socket, int type, int kind, callback call, void *argument)
{
    (void)socket;
    (void)kind;
    if (type == FINISH) {
        on_finish = call;
        finish_argument = argument;
    } else if (type == ACK) {
        on_ack = call;
        ack_argument = argument;
    }
    return 0;
}

int nl_send_auto(struct nl_sock *socket, struct nl_msg *message)
{
    (void)socket;
    (void)message;
    return 1;
}

int nl_recvmsgs_default(struct nl_sock *socket)
{
    (void)socket;
    if (on_finish)
        on_finish(0, finish_argument);
    if (on_ack)
        on_ack(0, ack_argument);
    return 0;
}
