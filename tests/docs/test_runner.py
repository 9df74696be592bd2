"""What the runner itself promises: `python -m unittest discover -s tests/docs`."""

import unittest

import pages
import transcript
from answers import Answers


class Compare(unittest.TestCase):
    def test_a_dots_line_stands_for_any_number_of_lines(self):
        for got in (["a", "z"], ["a", "b", "c", "z"]):
            self.assertTrue(transcript.matches(["a", "…", "z"], got))
        self.assertFalse(transcript.matches(["a", "…", "z"], ["a", "b"]))

    def test_dots_in_a_line_stand_for_anything_in_it(self):
        self.assertTrue(transcript.matches(["id … (prod)"], ["id us-east-1#x (prod)"]))
        self.assertFalse(transcript.matches(["id … (prod)"], ["id us-east-1#x (prod)!"]))

    def test_silence_is_expected_where_nothing_is_shown(self):
        self.assertTrue(transcript.matches([""], []))
        self.assertFalse(transcript.matches([""], ["a warning"]))

    def test_colours_and_line_ends_do_not_count(self):
        self.assertEqual(transcript.plain("\x1b[1;31mno\x1b[0m  \r\nyes\r\n\r\n"), ["no", "yes"])


class Parse(unittest.TestCase):
    def steps(self, text):
        return pages.parse("page", text).steps

    def test_a_transcript_is_commands_and_their_output(self):
        first, second = self.steps("```console\n$ one \\\n   more\nsaid\n\n$ two  # exits 3\n```\n")
        self.assertEqual((first.text, first.expected), ("one \\\n   more", ["said", ""]))
        self.assertEqual((second.line, second.status, second.expected), (6, 3, []))

    def test_an_indented_block_loses_its_indentation(self):
        (step,) = self.steps("1. do\n   ```sh\n   if true; then\n     a\n   fi\n   ```\n")
        self.assertEqual(step.text, "if true; then\n  a\nfi")

    def test_a_hidden_comment_is_a_script(self):
        (step,) = self.steps("<!-- sh\nmintage init\n-->\n")
        self.assertIsNone(step.expected)

    def test_what_cannot_run_here_is_listed(self):
        page = pages.parse("page", "```sh macos\nopen .\n```\n```fish\nx\n```\n")
        self.assertEqual(page.left_out, ["page:1: sh macos", "page:4: fish"])
        self.assertEqual(page.steps, [])

    def test_no_block_gets_out_of_being_run_by_its_tag(self):
        for text in ("```bash\nls\n```", "```\n$ ls\n```", "```sh later\nls\n```", "```sh\nls\n"):
            with self.assertRaises(pages.Unclear):
                self.steps(text)

    def test_other_languages_are_left_alone(self):
        self.assertEqual(self.steps("```toml\na = 1\n```\n````text\n```sh\nx\n```\n````\n"), [])


class Answer(unittest.TestCase):
    class Key:
        client_id, client_secret, passphrase = "ID", "SECRET", "PHRASE"
        canvas_token, password, api_key = "CANVAS", "PASSWORD", "KEY"

    def test_only_an_unfinished_last_line_is_a_prompt(self):
        answers = Answers(self.Key)
        self.assertEqual(answers.to("Client id: "), "ID")
        self.assertEqual(answers.to("x\r\nClient secret: "), "SECRET")
        self.assertEqual(answers.to("Make one now? [Y/n] "), "y")
        self.assertEqual(answers.to("Canvas access token: "), "CANVAS")
        self.assertIsNone(answers.to("Client id: \r\n"))
        self.assertIsNone(answers.to("the client id: see there"))


if __name__ == "__main__":
    unittest.main()
