/* PACKET_IGNORE_OUTGOING on a loopback. */
#include "platform/loopback.h"

#ifdef __linux__

#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void platform_see_loopback_once(int socket, const char *interface)
{
	const int yes = 1;
	struct ifreq request = {0};
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	if (ioctl(socket, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_LOOPBACK)
		setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
}

#else

void platform_see_loopback_once(int socket, const char *interface)
{
	(void)socket;
	(void)interface;
}

#endif
