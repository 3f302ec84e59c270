/*
 * Where in a file the probes of TLS libraries go: OpenSSL's functions by the file's symbols, read by libelf; Go's by
 * its own tables (probe_go). The file is another's, and both readers are large: they run confined, and what they answer
 * is offsets, which the kernel holds to the file that is probed (uprobes: at an instruction's beginning within it).
 */
#include "platform/confined.h"
#include "source/probe_parts.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

static const char *const place_names[PROBE_SYMBOLS] = {
    [PROBE_SSL_READ] = "SSL_read",
    [PROBE_SSL_WRITE] = "SSL_write",
    [PROBE_SSL_READ_EX] = "SSL_read_ex",
    [PROBE_SSL_WRITE_EX] = "SSL_write_ex",
    [PROBE_SSL_DO_HANDSHAKE] = "SSL_do_handshake",
    [PROBE_SSL_FREE] = "SSL_free",
};

/* PROBE_SYMBOLS: none of them. Symbols that stay in a program have their version in the name,
 * "SSL_read@@OPENSSL_3.0.0". */
static enum probe_symbol places_name(const char *name)
{
	size_t len = name ? strcspn(name, "@") : 0;
	enum probe_symbol symbol = 0;
	while (symbol < PROBE_SYMBOLS &&
	       (strlen(place_names[symbol]) != len || memcmp(place_names[symbol], name, len) != 0))
		symbol++;
	return symbol;
}

/* A weak one is overruled by one that is not. */
static void places_take_symbol(struct probe_places *places, Elf *elf, const GElf_Sym *symbol, enum probe_symbol which)
{
	GElf_Shdr section;
	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
	    (places->symbols[which] && GELF_ST_BIND(symbol->st_info) == STB_WEAK) ||
	    !gelf_getshdr(elf_getscn(elf, symbol->st_shndx), &section) || symbol->st_value < section.sh_addr ||
	    symbol->st_value - section.sh_addr >= section.sh_size)
		return;
	places->symbols[which] = symbol->st_value - section.sh_addr + section.sh_offset;
}

static void places_read_table(struct probe_places *places, Elf *elf, Elf_Scn *table, const GElf_Shdr *head)
{
	Elf_Data *data = elf_getdata(table, NULL);
	GElf_Sym symbol;
	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		enum probe_symbol which = places_name(elf_strptr(elf, head->sh_link, symbol.st_name));
		if (which < PROBE_SYMBOLS)
			places_take_symbol(places, elf, &symbol, which);
	}
}

/* A library that is stripped has the dynamic symbols alone, a program that has OpenSSL in it the others. */
static bool places_read_openssl(struct probe_places *places, int file)
{
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(file, ELF_C_READ, NULL);
	GElf_Shdr head;
	for (Elf_Scn *each = NULL; elf && (each = elf_nextscn(elf, each)) != NULL;)
		if (gelf_getshdr(each, &head) && (head.sh_type == SHT_DYNSYM || head.sh_type == SHT_SYMTAB))
			places_read_table(places, elf, each, &head);
	elf_end(elf);
	return places->symbols[PROBE_SSL_READ] && places->symbols[PROBE_SSL_WRITE];
}

static bool places_read(void *answer, int file)
{
	struct probe_places *places = answer;
	places->is_openssl = places_read_openssl(places, file);
	places->is_go = !places->is_openssl && probe_go_find(&places->go, file);
	return places->is_openssl || places->is_go;
}

/* What counts into an array is held to it: the rest are offsets. */
static bool places_fit(const struct probe_places *places)
{
	for (size_t i = 0; i < GO_FUNCTIONS; i++)
		if (places->go.functions[i].return_count > GO_RETURNS)
			return false;
	return true;
}

bool probe_places_find(struct probe_places *places, int file)
{
	_Static_assert(sizeof *places <= CONFINED_ANSWER, "an answer");
	if (!confined_run(places_read, file, places, sizeof *places))
		return false;
	if (places_fit(places))
		return true;
	errno = EBADMSG;
	return false;
}
