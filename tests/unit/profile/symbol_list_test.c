/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/symbol_list.h"

#include "diag/profile/program_file.h"
#include "tests/support/assert_err.h"

static void sample_list(struct symbol_list *l)
{
    static const struct symbol items[] = {
        {0x1000, "first"}, {0x1010, "_ZN2a1bEv"}, {0x81000, "last"}};
    *l = SYMBOL_LIST_INIT;
    l->items = calloc(3, sizeof(l->items[0]));
    memcpy(l->items, items, sizeof(items));
    l->n = 3;
}

static void pack(struct buf *out)
{
    CLEANUP(symbol_list_release) struct symbol_list l;
    sample_list(&l);
    assert_ok(symbol_list_pack(&l, out));
}

static void test_packed_and_unpacked_it_is_the_same(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf packed = BUF_INIT(10000);
    CLEANUP(symbol_list_release) struct symbol_list l = SYMBOL_LIST_INIT;
    pack(&packed);
    assert_ok(symbol_list_unpack(buf_bytes(&packed), &l));
    assert_int_equal(l.n, 3);
    assert_int_equal(l.items[1].at, 0x1010);
    assert_string_equal(l.items[1].name, "_ZN2a1bEv");
    assert_int_equal(l.items[2].at, 0x81000);
    assert_string_equal(l.items[2].name, "last");
}

static void test_an_address_belongs_to_what_begins_before_it(void **state)
{
    (void)state;
    CLEANUP(symbol_list_release) struct symbol_list l;
    sample_list(&l);
    assert_null(symbol_list_find(&l, 0xfff));
    assert_string_equal(symbol_list_find(&l, 0x1000)->name, "first");
    assert_string_equal(symbol_list_find(&l, 0x100f)->name, "first");
    assert_string_equal(symbol_list_find(&l, 0x1010)->name, "_ZN2a1bEv");
    assert_string_equal(symbol_list_find(&l, UINT64_MAX)->name, "last");
    assert_null(symbol_list_find(&SYMBOL_LIST_INIT, 1));
}

static void test_damage_is_refused(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf packed = BUF_INIT(10000);
    pack(&packed);
    for (size_t len = 0; len < packed.len; len++) {
        struct symbol_list l;
        assert_fails(symbol_list_unpack((struct bytes){packed.data, len}, &l), ERR_PROTOCOL,
                     SYMBOL_LIST_SECTION);
    }
    packed.data[7] = 0xff; /* gigabytes, it says */
    struct symbol_list l;
    assert_fails(symbol_list_unpack(buf_bytes(&packed), &l), ERR_REJECTED, "too large");
}

static void test_own_program_names_its_static_functions(void **state)
{
    (void)state;
    CLEANUP(program_file_close) struct program_file file = {0};
    CLEANUP(symbol_list_release) struct symbol_list l = SYMBOL_LIST_INIT;
    bool found = false;

    assert_ok(program_file_open("/proc/self/exe", &file));
    assert_ok(symbol_list_read_table(file.content, &l));
    for (size_t i = 0; i < l.n; i++) {
        found |= strcmp(l.items[i].name, "test_own_program_names_its_static_functions") == 0;
        assert_true(i == 0 || l.items[i - 1].at < l.items[i].at);
    }
    assert_true(found);
    struct symbol_list none;
    assert_fails(symbol_list_read_section(file.content, &none), ERR_NOT_FOUND, "none");
}

static void test_files_that_are_no_programs_are_refused(void **state)
{
    (void)state;
    CLEANUP(program_file_close) struct program_file file = {0};
    struct symbol_list l;
    assert_ok(program_file_open("/proc/self/exe", &file));
    for (size_t len = 0; len < file.content.len / 2; len = len * 2 + 1) {
        const struct bytes cut = {file.content.data, len};
        assert_fails(symbol_list_read_table(cut, &l), ERR_PROTOCOL, "symbols");
        assert_fails(symbol_list_read_section(cut, &l), ERR_PROTOCOL, "symbols");
    }
    assert_fails(program_file_open("/nonexistent", &file), ERR_STORAGE, "'/nonexistent'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_and_unpacked_it_is_the_same),
        cmocka_unit_test(test_an_address_belongs_to_what_begins_before_it),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_own_program_names_its_static_functions),
        cmocka_unit_test(test_files_that_are_no_programs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
