/* Numbers as the network has them, most significant byte first, at any address. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdint.h>

static inline uint16_t network_read_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t network_read_32(const uint8_t *at)
{
	return (uint32_t)network_read_16(at) << 16 | network_read_16(at + 2);
}

static inline void network_write_16(uint8_t *at, uint16_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static inline void network_write_32(uint8_t *at, uint32_t number)
{
	network_write_16(at, (uint16_t)(number >> 16));
	network_write_16(at + 2, (uint16_t)number);
}

#endif
