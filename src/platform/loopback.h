/* Capturing on a loopback interface. */
#ifndef PLATFORM_LOOPBACK_H
#define PLATFORM_LOOPBACK_H

/* On Linux each packet of a loopback goes out and comes in, and libpcap throws the first away: after this call on the
 * capture's socket it takes no room in the kernel's buffer and is not counted when it is dropped. Nothing happens on
 * another interface, nor on a kernel before 4.20, which does not know PACKET_IGNORE_OUTGOING (packet(7)). Darwin and
 * FreeBSD show a loopback's packet once. */
void platform_see_loopback_once(int socket, const char *interface);

#endif
