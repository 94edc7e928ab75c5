"""The prompts: every one that a caller may hear has a usable WAV."""

from __future__ import annotations

from collections.abc import Iterator

from admin.doctor.finding import Finding, Phrase, fine, short
from hotline.config import Settings
from hotline.errors import PromptMissing
from hotline.prompts.library import PromptLibrary
from hotline.prompts.texts import LANGUAGES, read_texts

SUBJECT = "prompts"


def examine_prompts(settings: Settings) -> Iterator[Finding]:
    wanted = [(text.prompt, text.language) for text in read_texts()]
    missing = []
    for prompt, language in wanted:
        # With each language as its own default: one in another language does not count as there.
        try:
            PromptLibrary(settings.prompts_dir, language).find(prompt, language)
        except PromptMissing:
            missing.append(f"{language}/{prompt}")
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        yield short(
            SUBJECT,
            Phrase(
                f"{len(wanted)} 条提示音中缺 {len(missing)} 条：{some}；遇缺失时直接转人工",
                f"{len(missing)} of {len(wanted)} are missing: {some}; callers go straight on",
            ),
            Phrase("执行 hotline migrate 生成", "run hotline migrate to make them"),
        )
    else:
        yield fine(
            SUBJECT,
            f"{len(wanted)} 条齐全（{'、'.join(LANGUAGES)}）",
            f"all {len(wanted)} are there ({', '.join(LANGUAGES)})",
        )
