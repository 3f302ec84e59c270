/*
 * Where a Go program reads and writes through crypto/tls: by its pclntab, which stripped programs have as well (Go's
 * runtime needs it; runtime/symtab.go, Go 1.18 and later), and the places where these functions return, by capstone.
 *
 * A return is probed by its instruction: Go moves stacks, and a return address that is not its own ends the program.
 * The file is another's: every offset in it is checked.
 */
#include "source/probe_parts.h"

#include <capstone/capstone.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GO_SECTIONS = 256, GO_NAMES = 64 << 10, GO_CODE = 64 << 10, GO_TABLE = 256 << 20 };

/* A section, read. */
struct go_bytes {
	uint8_t *at;
	uint64_t len;
};

struct go_file {
	int descriptor;
	Elf64_Shdr text, table;
	struct go_bytes pclntab;
};

/* What runtime.pcHeader says. */
struct go_table {
	uint64_t count, names, functions; /* of functions; offsets in the table */
	uint64_t text;                    /* the address that its entries count from */
};

static const char *const go_names[GO_FUNCTIONS] = {
    [GO_READ] = "crypto/tls.(*Conn).Read",
    [GO_WRITE] = "crypto/tls.(*Conn).Write",
    [GO_CLOSE] = "crypto/tls.(*Conn).Close",
};

/* ---- the file */

static bool go_read_at(int descriptor, uint64_t offset, void *to, size_t len)
{
	return offset <= INT64_MAX - len && pread(descriptor, to, len, (off_t)offset) == (ssize_t)len;
}

/* Of the section names; "" beyond them. */
static const char *go_name_of(const struct go_bytes *names, uint64_t offset)
{
	return offset < names->len ? (const char *)names->at + offset : "";
}

static void go_find_sections(struct go_file *file, const Elf64_Ehdr *head, const Elf64_Shdr *sections)
{
	const Elf64_Shdr *texts = &sections[head->e_shstrndx];
	struct go_bytes names = {.len = texts->sh_size};
	if (names.len == 0 || names.len > GO_NAMES || !(names.at = malloc(names.len + 1)))
		return;
	if (go_read_at(file->descriptor, texts->sh_offset, names.at, names.len)) {
		names.at[names.len] = '\0';
		for (size_t i = 0; i < head->e_shnum; i++) {
			const char *name = go_name_of(&names, sections[i].sh_name);
			if (strcmp(name, ".text") == 0)
				file->text = sections[i];
			else if (strcmp(name, ".gopclntab") == 0 || strcmp(name, ".data.rel.ro.gopclntab") == 0)
				file->table = sections[i];
		}
	}
	free(names.at);
}

/* A program of this machine's kind, with both sections. */
static bool go_open(struct go_file *file, int descriptor)
{
	Elf64_Ehdr head;
	static const unsigned char magic[] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB};
	*file = (struct go_file){.descriptor = descriptor};
	if (!go_read_at(file->descriptor, 0, &head, sizeof head) || memcmp(head.e_ident, magic, sizeof magic) != 0 ||
	    head.e_shentsize != sizeof(Elf64_Shdr) || !head.e_shnum || head.e_shnum > GO_SECTIONS ||
	    head.e_shstrndx >= head.e_shnum)
		return false;
	Elf64_Shdr *sections = calloc(head.e_shnum, sizeof *sections);
	if (sections && go_read_at(file->descriptor, head.e_shoff, sections, head.e_shnum * sizeof *sections))
		go_find_sections(file, &head, sections);
	free(sections);
	file->pclntab.len = file->table.sh_size;
	if (!file->text.sh_size || !file->pclntab.len || file->pclntab.len > GO_TABLE ||
	    !(file->pclntab.at = malloc(file->pclntab.len)))
		return false;
	return go_read_at(file->descriptor, file->table.sh_offset, file->pclntab.at, file->pclntab.len);
}

/* ---- pclntab */

/* 0 beyond its end, which no offset that is used is. */
static uint64_t go_number(const struct go_bytes *bytes, uint64_t offset, size_t size)
{
	uint64_t number = 0;
	if (offset <= bytes->len && size <= bytes->len - offset)
		memcpy(&number, bytes->at + offset, size);
	return number;
}

/* magic, two zeros, the least size of an instruction, that of a pointer; then words: functions, files, where the text
 * begins, and the offsets of names, compilation units, files, pc tables, functions. */
static bool go_read_table(struct go_table *table, const struct go_file *file)
{
	enum { GO_1_18 = 0xfffffff0, GO_1_20 = 0xfffffff1, WORD = 8 };
	const struct go_bytes *bytes = &file->pclntab;
	uint64_t magic = go_number(bytes, 0, 4);
	if ((magic != GO_1_18 && magic != GO_1_20) || go_number(bytes, 7, 1) != WORD)
		return false;
	*table = (struct go_table){.count = go_number(bytes, WORD, WORD),
	    .text = go_number(bytes, 3 * WORD, WORD),
	    .names = go_number(bytes, 4 * WORD, WORD),
	    .functions = go_number(bytes, 8 * WORD, WORD)};
	/* A position-independent program has it filled in when it is loaded; newer ones leave it out. */
	if (!table->text)
		table->text = file->text.sh_addr;
	return table->count && table->count < bytes->len / WORD && table->functions < bytes->len &&
	       table->names < bytes->len;
}

static bool go_is_called(const struct go_bytes *bytes, uint64_t offset, const char *name)
{
	size_t size = strlen(name) + 1;
	return offset <= bytes->len && size <= bytes->len - offset && memcmp(bytes->at + offset, name, size) == 0;
}

/* ---- returns */

/* A call is no return, nor is a jump: what Go's compiler ends a function by is `ret` alone. */
static bool go_is_return(const cs_insn *instruction)
{
#if defined __x86_64__
	return instruction->id == X86_INS_RET;
#else
	return instruction->id == ARM64_INS_RET;
#endif
}

static bool go_find_returns(struct go_function *function, const uint8_t *code, size_t len)
{
	csh machine;
#if defined __x86_64__
	cs_err opened = cs_open(CS_ARCH_X86, CS_MODE_64, &machine);
#else
	cs_err opened = cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &machine);
#endif
	if (opened != CS_ERR_OK)
		return false;
	cs_insn *instruction = cs_malloc(machine);
	uint64_t address = function->entry;
	bool fits = true;
	while (instruction && len && cs_disasm_iter(machine, &code, &len, &address, instruction)) {
		if (!go_is_return(instruction))
			continue;
		fits = function->return_count < GO_RETURNS;
		if (!fits)
			break;
		function->returns[function->return_count++] = instruction->address;
	}
	if (instruction)
		cs_free(instruction, 1);
	cs_close(&machine);
	return fits && len == 0 && function->return_count > 0;
}

/* `begin` and `end` are addresses. */
static bool go_take_function(struct go_function *function, const struct go_file *file, uint64_t begin, uint64_t end)
{
	const Elf64_Shdr *text = &file->text;
	if (begin < text->sh_addr || end <= begin || end - begin > GO_CODE || end - text->sh_addr > text->sh_size)
		return false;
	function->entry = begin - text->sh_addr + text->sh_offset;
	uint8_t *code = malloc(end - begin);
	bool good = code && go_read_at(file->descriptor, function->entry, code, end - begin) &&
	            go_find_returns(function, code, end - begin);
	free(code);
	return good;
}

/* A name comes once: a table may have it millions of times, and each time a function is read. */
static bool go_look_up(struct probe_go *go, const struct go_file *file, const struct go_table *table)
{
	enum { ENTRY = 8 }; /* two numbers: where the function begins, and where it is described */
	size_t found = 0;
	bool seen[GO_FUNCTIONS] = {false};
	for (uint64_t i = 0; i < table->count && found < GO_FUNCTIONS; i++) {
		uint64_t entry = table->functions + i * ENTRY;
		uint64_t described = table->functions + go_number(&file->pclntab, entry + 4, 4);
		uint64_t name = table->names + go_number(&file->pclntab, described + 4, 4);
		for (size_t j = 0; j < GO_FUNCTIONS; j++) {
			if (seen[j] || !go_is_called(&file->pclntab, name, go_names[j]))
				continue;
			seen[j] = true;
			uint64_t begin = table->text + go_number(&file->pclntab, entry, 4);
			uint64_t end = table->text + go_number(&file->pclntab, entry + ENTRY, 4);
			found += go_take_function(&go->functions[j], file, begin, end);
		}
	}
	return found == GO_FUNCTIONS;
}

bool probe_go_find(struct probe_go *go, int descriptor)
{
	struct go_file file;
	struct go_table table;
	*go = (struct probe_go){0};
	bool good = go_open(&file, descriptor) && go_read_table(&table, &file) && go_look_up(go, &file, &table);
	free(file.pclntab.at);
	return good;
}
