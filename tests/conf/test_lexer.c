/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lexer alone: tokens, their places, and what is left of comments, quotes and escapes. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/lexer.h"

/*
 * All tokens as text: words as LINE:COLUMN=WORD (`+` behind the first of a line), braces as they
 * are, the end of a line as `;`, the end as `.`.
 */
static char *tokens(const char *text, size_t length, struct conf_diags *diags)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct source source;
	struct lexer lexer;
	struct token token;
	char *result = NULL;
	size_t size;
	FILE *out = open_memstream(&result, &size);

	source_init(&source, NULL, conf, "t", text, length, diags);
	lexer_init(&lexer, &source, diags);
	do {
		lexer_next(&lexer, &token);
		switch (token.kind) {
		case TOKEN_WORD:
			fprintf(out, "%u:%u%s=%s ", token.place.line, token.place.column,
				token.first ? "+" : "", token.text);
			break;
		case TOKEN_OPEN:
			fprintf(out, "{ ");
			break;
		case TOKEN_CLOSE:
			fprintf(out, "} ");
			break;
		case TOKEN_END_OF_LINE:
			fprintf(out, "; ");
			break;
		case TOKEN_END:
			fprintf(out, ".");
			break;
		}
	} while (token.kind != TOKEN_END);
	lexer_free(&lexer);
	source_free(&source);
	conf_free(conf);
	fclose(out);
	return result;
}

static void check_bytes(const char *text, size_t length, const char *expected, size_t warnings)
{
	struct conf_diags diags = {0};
	char *got = tokens(text, length, &diags);

	assert_string_equal(got, expected);
	assert_int_equal(diags.warnings, warnings);
	assert_int_equal(diags.errors, 0);
	free(got);
	conf_diags_free(&diags);
}

static void check(const char *text, const char *expected)
{
	check_bytes(text, strlen(text), expected, 0);
}

/* With one warning. */
static void check_told(const char *text, const char *expected)
{
	check_bytes(text, strlen(text), expected, 1);
}

static void check_warned(const char *text, const char *expected)
{
	check_bytes(text, strlen(text), expected, 1);
}

static void test_words(void **state)
{
	(void)state;
	check("", ".");
	check("\n", ".");
	check("a", "1:1+=a ; .");
	check("a\n", "1:1+=a ; .");
	check(" a\tbc \n\n\td", "1:2+=a 1:4=bc ; 3:2+=d ; .");
	check("a\r\nb\r\n", "1:1+=a ; 2:1+=b ; .");
	check("a\rb\vc\fd", "1:1+=a 1:3=b 1:5=c 1:7=d ; .");
}

static void test_braces(void **state)
{
	(void)state;
	check("a{b}c", "1:1+=a { 1:3=b } 1:5=c ; .");
	check("{}\n}", "{ } ; } ; .");
	check("\"{\"{", "1:1+={ { ; .");
	check("{ a", "{ 1:3=a ; .");
}

static void test_comments(void **state)
{
	(void)state;
	check("#a { \" \n!b\nc", "3:1+=c ; .");
	check("k@l!ve2", "1:1+=k@l ; .");
	check("a#b", "1:1+=a ; .");
	check("a }#b }", "1:1+=a } ; .");
	check("\"a#b!c\" d", "1:1+=a#b!c 1:9=d ; .");
	check("'a#b'", "1:1+='a ; .");
	/* the bytes that keepalived 2.2.7 has sent for these */
	check_told("a\\#b\\!c", "1:1+=a ; .");
	check_told("\\#a\nb", "2:1+=b ; .");
	check("a\\\\#b", "1:1+=a\\\\ ; .");
	check_told("a\\\\\\#b", "1:1+=a\\\\ ; .");
	check("x\\a#b", "1:1+=x\\a ; .");
	check("\"q\\#c!x\"", "1:1+=q\\#c!x ; .");
	check("a\\b\\", "1:1+=a\\b\\ ; .");
}

static void test_quotes(void **state)
{
	(void)state;
	check("\"a b\" \"\"", "1:1+=a b 1:7= ; .");
	check("a\"b\"c", "1:1+=a 1:2=b 1:5=c ; .");
	check("\"a\\\" b", "1:1+=a\\ 1:6=b ; .");
	check_warned("\"a b\nc", "1:1+=a b ; 2:1+=c ; .");
	check_warned("\"a\r\nb", "1:1+=a ; 2:1+=b ; .");
	check_warned("\"", "1:1+= ; .");
}

static void test_odd_bytes(void **state)
{
	(void)state;
	check("\xef\xbb\xbf"
	      "a",
	      "1:1+=a ; .");
	check("a\n\xef\xbb\xbf"
	      "b",
	      "1:1+=a ; 2:1+=\xef\xbb\xbf"
	      "b ; .");
	check_warned("\xc2\xa0\xc2\xa0"
		     "a\n\xc2\xa0"
		     "b",
		     "1:5+=a ; 2:3+=b ; .");
	check_warned("a\xc2\xa0"
		     "b c\xc2\xa0"
		     "d",
		     "1:1+=a 1:4=b 1:6=c\xc2\xa0"
		     "d ; .");
	check("a\xff\xfe \xc2", "1:1+=a\xff\xfe 1:5=\xc2 ; .");
	check_bytes("a\0b\nc", 5, "2:1+=c ; .", 1);
	check_bytes("a\n\0", 3, "1:1+=a ; .", 1);
}

static void test_variables(void **state)
{
	(void)state;
	check("$A=b { c\nd", "2:1+=d ; .");
	check("  $A_1=b\\\n c\\\nd\ne", "4:1+=e ; .");
	check("$A=b\\", ".");
	check("$A =b", "1:1+=$A 1:4==b ; .");
	check("$1=b", "1:1+=$1=b ; .");
	check("$=b", "1:1+=$=b ; .");
	check("x $A=b", "1:1+=x 1:3=$A=b ; .");
	check_warned("a${B_2}c", "1:1+=a${B_2}c ; .");
	check("a${2}c", "1:1+=a$ { 1:4=2 } 1:6=c ; .");
	check("${B", "1:1+=$ { 1:3=B ; .");
	check("$B{", "1:1+=$B { ; .");
	/* the column of a value is that of the variable, and what follows keeps its own */
	check("$A=b c\nx$A y", "2:1+=xb 2:2=c 2:5=y ; .");
	check("$A=b\n${A}c$A {d", "2:1+=bcb { 2:10=d ; .");
	check("$A=b \\\n  c d\nx $A\ny", "3:1+=x 3:3=b ; 2:3+=c 2:5=d ; 4:1+=y ; .");
	check("{$A=b\n{$A }", "{ ; { 2:2=b } ; .");
}

static void test_quotes_and_comments(void **state)
{
	(void)state;
	/* which bytes are quoted is decided for a whole line, and there a backslash protects a
	 * quote */
	check("a \"b \\\"c # d\\\"\"", "1:1+=a 1:3=b \\ 1:8=c 1:10=# 1:12=d\\ 1:14= ; .");
	check_told("a b\\#c$D", "1:1+=a 1:3=b ; .");
	/* a use of a variable in a comment is none */
	check_told("$D=x\na b\\#c$D ", "2:1+=a 2:3=b ; .");
	check("a\"${_HASH}\"${_HASH}b", "1:1+=a 1:2=# ; .");
}

/* No maximum: keepalived drops lines of 1023 bytes and more. */
static void test_long_line(void **state)
{
	size_t length = 100000;
	char *text = malloc(length);
	struct conf_diags diags = {0};
	char *got;

	(void)state;
	memset(text, 'a', length);
	text[length - 2] = ' ';
	got = tokens(text, length, &diags);
	assert_int_equal(strlen(got), strlen("1:1+= 1:100000=a ; .") + length - 2);
	assert_string_equal(got + strlen(got) - 15, " 1:100000=a ; .");
	free(got);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_braces),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_odd_bytes),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_quotes_and_comments),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
