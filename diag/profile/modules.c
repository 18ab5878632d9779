/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/modules.h"

#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_hex(const uint8_t *bytes, size_t n, char out[MODULE_BUILD_ID_SIZE])
{
    for (size_t i = 0; i < n && 2 * i + 2 < MODULE_BUILD_ID_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Notes stand one behind the other: header, name, content, each filled up to four bytes. */
static void read_notes(const uint8_t *at, size_t left, struct module *m)
{
    while (left >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, at, sizeof(note));
        size_t name = (note.n_namesz + 3U) & ~3U;
        size_t content = (note.n_descsz + 3U) & ~3U;
        if (name > left - sizeof(note) || content > left - sizeof(note) - name)
            return;
        const uint8_t *text = at + sizeof(note);
        if (note.n_type == NT_GNU_BUILD_ID && name == 4 && memcmp(text, "GNU", 4) == 0)
            put_hex(text + name, note.n_descsz, m->build_id);
        at += sizeof(note) + name + content;
        left -= sizeof(note) + name + content;
    }
}

static void read_segment(const ElfW(Phdr) * p, struct module *m)
{
    uintptr_t at = m->base + p->p_vaddr;

    if (p->p_type == PT_NOTE)
        read_notes((const uint8_t *)at, p->p_memsz, m);
    if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
        return;
    if (m->limit == 0) {
        m->start = at;
        m->offset = p->p_offset;
    }
    m->limit = at + p->p_memsz;
}

static void set_path(struct module *m, const char *name)
{
    if (*name) {
        snprintf(m->path, sizeof(m->path), "%s", name);
        return;
    }
    ssize_t n = readlink("/proc/self/exe", m->path, sizeof(m->path) - 1);
    m->path[n > 0 ? n : 0] = '\0';
}

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct modules *all = arg;
    struct module *m = &all->items[all->n];

    (void)size;
    if (all->n == MODULES_MAX)
        return 1;
    *m = (struct module){.base = info->dlpi_addr};
    set_path(m, info->dlpi_name);
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        read_segment(&info->dlpi_phdr[i], m);
    all->n += m->limit != 0;
    return 0;
}

void modules_list(struct modules *ret)
{
    ret->n = 0;
    dl_iterate_phdr(visit, ret);
}

const struct module *modules_find(const struct modules *m, uintptr_t pc)
{
    for (size_t i = 0; i < m->n; i++) {
        if (pc >= m->items[i].start && pc < m->items[i].limit)
            return &m->items[i];
    }
    return NULL;
}

const char *module_name(const struct module *m)
{
    const char *slash = strrchr(m->path, '/');
    return slash ? slash + 1 : m->path;
}
