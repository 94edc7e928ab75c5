"""Recordings: whether there is a key to lock and to open them with."""

from __future__ import annotations

from collections.abc import Iterator

from admin.bootstrap.recordings import master_keys
from admin.doctor.finding import Finding, Phrase, broken, fine
from hotline.config import Settings
from recordings.keyring import KeyringUnready
from recordings.storage import FolderStorage
from recordings.vault import SUFFIX

SUBJECT = "recordings"


def examine_recordings(settings: Settings) -> Iterator[Finding]:
    """Look at the master keys: without them nothing is sealed, and nothing can be heard."""
    try:
        known, current = master_keys(settings).known(), master_keys(settings).current()
    except KeyringUnready as error:
        sealed = any(FolderStorage(settings.recordings_dir).names(SUFFIX))
        if not sealed and not (settings.secrets_dir / "recordings.key").exists():
            yield fine(SUBJECT, "主密钥首次启动时生成", "the master key is made at the first start")
            return
        yield broken(
            SUBJECT,
            Phrase(f"录音无法封存和打开：{error}", f"none can be sealed or opened: {error}"),
            Phrase(
                "从备份恢复密钥文件；彻底丢失时执行"
                " hotline recordings rotate-key --old-keys-are-lost",
                "restore the key file from a backup; lost for good: run"
                " hotline recordings rotate-key --old-keys-are-lost",
            ),
        )
        return
    yield fine(
        SUBJECT,
        f"{len(known)} 把主密钥，当前 {current}",
        f"{len(known)} master keys, current {current}",
    )
