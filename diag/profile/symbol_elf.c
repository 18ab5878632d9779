/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/symbol_list.h"

#include <link.h>
#include <string.h>

#define STUBS_MAX 8 /* sections of stubs: .plt, .plt.got, .plt.sec */

/*
 * Sections of an ELF file of this machine's own kind. It is our own program; still nothing is believed
 * before it was compared with the length of the file.
 */

static struct err *not_elf(const char *why)
{
    return err_new(ERR_PROTOCOL, "read the program's symbols: %s", why);
}

static bool is_inside(struct bytes file, uint64_t at, uint64_t len)
{
    return at <= file.len && len <= file.len - at;
}

static struct err *read_header(struct bytes file, ElfW(Ehdr) * ret)
{
    if (file.len < sizeof(*ret))
        return not_elf("too short");
    memcpy(ret, file.data, sizeof(*ret));
    if (memcmp(ret->e_ident, ELFMAG, SELFMAG) != 0 || ret->e_shentsize != sizeof(ElfW(Shdr)))
        return not_elf("not an ELF file of this machine");
    if (!is_inside(file, ret->e_shoff, (uint64_t)ret->e_shnum * sizeof(ElfW(Shdr))))
        return not_elf("its sections are outside of it");
    return NULL;
}

static struct err *read_section(struct bytes file, const ElfW(Ehdr) * header, unsigned i,
                                ElfW(Shdr) * ret)
{
    if (i >= header->e_shnum)
        return not_elf("a section that is not there");
    memcpy(ret, file.data + header->e_shoff + i * sizeof(*ret), sizeof(*ret));
    if (ret->sh_type != SHT_NOBITS && !is_inside(file, ret->sh_offset, ret->sh_size))
        return not_elf("a section is outside of it");
    return NULL;
}

/* The text at `at` of a section of texts; NULL: it does not end there. */
static const char *text_at(struct bytes file, const ElfW(Shdr) * texts, uint64_t at)
{
    if (texts->sh_type != SHT_STRTAB || at >= texts->sh_size)
        return NULL;
    const char *text = (const char *)file.data + texts->sh_offset + at;
    return memchr(text, '\0', texts->sh_size - at) ? text : NULL;
}

/* The first section of that type (SHT_NULL: any) and name (NULL: any). */
static struct err *find_section(struct bytes file, const ElfW(Ehdr) * header, unsigned type,
                                const char *name, ElfW(Shdr) * ret)
{
    ElfW(Shdr) names;

    TRY(read_section(file, header, header->e_shstrndx, &names));
    for (unsigned i = 1; i < header->e_shnum; i++) {
        TRY(read_section(file, header, i, ret));
        const char *text = text_at(file, &names, ret->sh_name);
        bool is_type = type == SHT_NULL || ret->sh_type == type;
        if (is_type && (!name || (text && strcmp(text, name) == 0)))
            return NULL;
    }
    return err_new(ERR_NOT_FOUND, "read the program's symbols: it has none");
}

RESULT symbol_list_read_section(struct bytes file, struct symbol_list *ret)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) section;

    TRY(read_header(file, &header));
    TRY(find_section(file, &header, SHT_NULL, SYMBOL_LIST_SECTION, &section));
    if (section.sh_type == SHT_NOBITS)
        return not_elf("an empty section");
    return symbol_list_unpack((struct bytes){file.data + section.sh_offset, section.sh_size}, ret);
}

static bool is_function(const ElfW(Sym) * s)
{
    unsigned type = s->st_info & 0xf;
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF;
}

/* What the linker adds for calls into libraries has no symbols: else it would go by what is before it. */
static struct err *add_stubs(struct bytes file, const ElfW(Ehdr) * header, struct symbol_list *l)
{
    ElfW(Shdr) names, section;

    TRY(read_section(file, header, header->e_shstrndx, &names));
    for (unsigned i = 1, n = 0; i < header->e_shnum && n < STUBS_MAX; i++) {
        TRY(read_section(file, header, i, &section));
        const char *text = text_at(file, &names, section.sh_name);
        if (!text || strncmp(text, ".plt", 4) != 0)
            continue;
        l->items[l->n++] = (struct symbol){section.sh_addr, "[plt]"};
        n++;
    }
    return NULL;
}

/* By address; of several names for one place the first in the alphabet, so that builds agree. */
static int compare(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void sort_unique(struct symbol_list *l)
{
    size_t kept = 0;

    qsort(l->items, l->n, sizeof(l->items[0]), compare);
    for (size_t i = 0; i < l->n; i++) {
        if (kept == 0 || l->items[kept - 1].at != l->items[i].at)
            l->items[kept++] = l->items[i];
    }
    l->n = kept;
}

/* The names stay in `l->names`, a copy of their section: the file need not stay. */
static struct err *take_functions(struct bytes file, const ElfW(Shdr) * table,
                                  const ElfW(Shdr) * texts, struct symbol_list *l)
{
    size_t n = table->sh_size / sizeof(ElfW(Sym));

    TRY(buf_add(&l->names, file.data + texts->sh_offset, texts->sh_size));
    l->items = calloc(n + STUBS_MAX, sizeof(l->items[0]));
    if (!l->items)
        return err_nomem();
    for (size_t i = 0; i < n && l->n < SYMBOL_LIST_MAX; i++) {
        ElfW(Sym) s;
        memcpy(&s, file.data + table->sh_offset + i * sizeof(s), sizeof(s));
        if (!is_function(&s) || !text_at(file, texts, s.st_name))
            continue;
        l->items[l->n++] = (struct symbol){s.st_value, (const char *)l->names.data + s.st_name};
    }
    return NULL;
}

RESULT symbol_list_read_table(struct bytes file, struct symbol_list *ret)
{
    CLEANUP(symbol_list_release) struct symbol_list l = SYMBOL_LIST_INIT;
    ElfW(Ehdr) header;
    ElfW(Shdr) table, texts;

    TRY(read_header(file, &header));
    TRY(find_section(file, &header, SHT_SYMTAB, NULL, &table));
    TRY(read_section(file, &header, table.sh_link, &texts));
    if (texts.sh_type != SHT_STRTAB)
        return not_elf("symbols without names");
    TRY(take_functions(file, &table, &texts, &l));
    TRY(add_stubs(file, &header, &l));
    sort_unique(&l);
    *ret = l;
    l = SYMBOL_LIST_INIT;
    return NULL;
}
