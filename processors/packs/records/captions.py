"""What is said of an item in English and Chinese: what it is, its caption, and a text for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from processors.packs.contents.subject import ItemRecord, SourceRecord, Text

KINDS: dict[str, tuple[str, str]] = {
    "video.frames": ("Frame", "画面"),
    "video.stills": ("Still", "静帧"),
    "video.contact_sheet": ("Contact sheet: frames spread over the clip, each with its time", "带时间的画面缩略总览"),
    "video.preview": ("Web copy of the video", "视频的网络版"),
    "video.motion": ("Measured motion", "运动测量结果"),
    "video.shots": ("List of shots", "镜头列表"),
    "video.integrity": ("Audit of the video", "视频完整性检查"),
    "audio.spectrogram_picture": ("Spectrogram of the sound", "声音的声谱图"),
    "audio.waveform": ("Waveform of the sound", "声音的波形图"),
    "audio.renditions": ("Rendition of the sound", "声音的再现版本"),
    "audio.film": ("Spectrogram with a moving playhead, and the sound", "带播放位置的声谱图与声音"),
    "audio.levels": ("Levels of the sound", "声音的电平"),
    "audio.events": ("Events in the sound", "声音中的事件"),
    "photo.preview": ("Photograph", "照片"),
    "photo.enhanced": ("Photograph, colour and contrast enhanced", "增强了色彩与对比度的照片"),
    "photo.tracks": ("Photograph with the wheel tracks marked", "标出车辙的照片"),
    "photo.quality": ("Measured quality of the photograph", "照片质量的测量"),
    "metadata": ("All that the file says of itself", "文件自带的全部元数据"),
    "evidence": ("What file, labels and release say", "文件、标签与发布信息的记录"),
}
ORIGINALS: dict[str, tuple[str, str]] = {
    "video": ("The original video, as released", "原始视频，与发布时一致"),
    "audio": ("The original recording, as released", "原始录音，与发布时一致"),
    "photo": ("The original photograph, as released", "原始照片，与发布时一致"),
}
BUILT = Text(
    en="(Put together by software from the record; nobody has described the picture.)",
    zh="（由软件根据记录自动生成，无人工描述。）",
)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is said of one item."""

    label: Text
    """What it is, and of what: always there in both languages."""
    caption: Text
    """As the agency wrote it; None where it did not."""
    alternative: Text
    """For those who cannot see or hear it: from the caption, else built from the facts and saying so."""


def words(subject: SourceRecord, entry: ItemRecord | None) -> Words:
    """Label, caption and alternative text of an item, or of the original."""
    en, zh = _kind(subject, entry)
    title_en = subject.title.en or subject.title.zh or subject.name
    title_zh = subject.title.zh or subject.title.en or subject.name
    label = Text(en=f"{en}: {title_en}", zh=f"{title_zh}：{zh}")
    return Words(
        label=label,
        caption=subject.caption,
        alternative=Text(
            en=f"{en}. {subject.caption.en}" if subject.caption.en else f"{label.en}. {_facts_en(subject)}{BUILT.en}",
            zh=f"{zh}。{subject.caption.zh}" if subject.caption.zh else f"{label.zh}。{_facts_zh(subject)}{BUILT.zh}",
        ),
    )


def _kind(subject: SourceRecord, entry: ItemRecord | None) -> tuple[str, str]:
    if entry is None:
        return ORIGINALS[subject.medium]
    en, zh = KINDS.get(entry.manifest.ref.processor, (entry.manifest.ref.processor, entry.manifest.ref.processor))
    time_seconds = time_of(entry)
    if time_seconds is not None:
        return f"{en} at {time_seconds:.3f} s", f"第 {time_seconds:.3f} 秒的{zh}"
    return en, zh


def time_of(entry: ItemRecord | None) -> float | None:
    """Presentation time of a picture, seconds; None where it has none."""
    facts: Any = entry.facts if entry and isinstance(entry.facts, dict) else {}
    identity: Any = facts.get("identity")
    found = facts.get("time_seconds", identity.get("time_seconds") if isinstance(identity, dict) else None)
    return float(found) if isinstance(found, int | float) else None


def _facts_en(subject: SourceRecord) -> str:
    said = []
    if subject.camera:
        said.append(f"Recorded by {subject.camera}. ")
    if recorded := subject.recorded:
        sol = f", {_sols(recorded.first_sol, recorded.last_sol)}" if recorded.first_sol is not None else ""
        said.append(f"Recorded on {recorded.written}{sol}. ")
    if subject.synthetic:
        said.append("Synthetic: not recorded by a camera or microphone. ")
    return "".join(said)


def _facts_zh(subject: SourceRecord) -> str:
    said = []
    if subject.camera:
        said.append(f"记录设备：{subject.camera}。")
    if recorded := subject.recorded:
        sol = f"（{_sols(recorded.first_sol, recorded.last_sol)}）" if recorded.first_sol is not None else ""
        said.append(f"记录时间：{recorded.written}{sol}。")
    if subject.synthetic:
        said.append("合成数据，并非实拍。")
    return "".join(said)


def _sols(first: int | None, last: int | None) -> str:
    return f"sol {first}" if first == last else f"sol {first}-{last}"
