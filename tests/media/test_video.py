from fractions import Fraction

import numpy as np
import pytest

import annokit
from annokit.media.video import frame_count, frame_image, index_video, read_frames, video_size

av = pytest.importorskip("av")

WIDTH, HEIGHT = 64, 48


def picture(number):
    """Return a frame from which its number can be read: eight blocks of black and white are its bits."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for bit in range(8):
        if number >> bit & 1:
            pixels[:, bit * 8 : bit * 8 + 8] = 255
    return pixels


def number_of(pixels):
    return sum(1 << bit for bit in range(8) if pixels[HEIGHT // 2, bit * 8 + 4].mean() > 127)


def make(path, count, codec="mpeg4", stamps=None, start=0, **options):
    """Make a video; with a negative `start`, in seconds, an edit list leaves out what lies before 0."""
    with av.open(str(path), "w", options={"avoid_negative_ts": "disabled"} if start < 0 else {}) as container:
        stream = container.add_stream(codec, rate=25, options={k: str(v) for k, v in options.items()})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = number * 40 if stamps is None else stamps[number]
            container.mux(moved(stream.encode(frame), start))
        container.mux(moved(stream.encode(), start))
    return path


def moved(packets, seconds):
    """Return packets that begin earlier or later."""
    for packet in packets:
        shift = round(seconds / packet.time_base)
        packet.pts += shift
        packet.dts += shift
    return packets


VARIABLE = np.cumsum([0, *([10, 70, 40, 200, 40] * 18)])[:90].tolist()

KINDS = {
    "one key frame": {"g": 1000},
    "many key frames": {"g": 7},
    "frames that refer to later ones": {"g": 12, "bf": 2},
    "variable rate": {"g": 10, "bf": 2, "stamps": VARIABLE},
    "pyramids and open groups": {"codec": "libx264", "g": 12, "bf": 3, "x264-params": "b-pyramid=2:open-gop=1"},
    "a late start": {"codec": "libx264", "g": 12, "bf": 2, "start": 3},
    "another container": {"codec": "libvpx", "g": 20, "ending": "webm"},
}


@pytest.fixture(params=KINDS, scope="module")
def video(request, tmp_path_factory):
    options = dict(KINDS[request.param])
    name = f"ü.{options.pop('ending', 'mp4')}"
    return make(tmp_path_factory.mktemp("video") / name, 90, **options)


def test_every_frame_is_found_by_its_number(video):
    index = index_video(video)
    assert (len(index), index.width, index.height) == (90, WIDTH, HEIGHT)
    found = dict(read_frames(video, range(90)))
    assert [number_of(found[number]) for number in range(90)] == list(range(90))


@pytest.mark.parametrize("wanted", [[89], [0], [3, 4, 5], [80, 2, 41, 2], [11, 12, 13, 35, 36, 60], []])
def test_some_frames_are_those_of_the_whole(video, wanted):
    found = list(read_frames(video, wanted))
    assert [number for number, _ in found] == sorted(set(wanted))
    assert [number_of(pixels) for _, pixels in found] == sorted(set(wanted))


def test_one_frame_is_a_picture(video):
    image = frame_image(video, 37)
    assert image.size == (WIDTH, HEIGHT)
    assert number_of(np.asarray(image)) == 37


def test_times_are_those_of_the_stamps(tmp_path):
    index = index_video(make(tmp_path / "v.mp4", 90, **KINDS["variable rate"]))
    assert np.allclose(index.times, np.array(VARIABLE) / 1000, atol=1e-3)
    assert index.frames_between(0.010, 0.050) == (1, 1)
    assert index.frames_between(0.0, 0.08) == (0, 2)
    assert index.frames_between(None, None) == (0, 89)
    assert index.frames_between(0.05, None) == (1, 89)


def test_a_frame_beyond_the_end_is_named(video):
    with pytest.raises(annokit.MediaError, match="there is no frame 90; frames run from 0 to 89"):
        list(read_frames(video, [3, 90]))
    with pytest.raises(annokit.MediaError, match="there is no frame -1"):
        list(read_frames(video, [-1]))


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"<html></html>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_video_is_a_media_error(data, tmp_path):
    path = tmp_path / "bad.mp4"
    path.write_bytes(data)
    with pytest.raises(annokit.MediaError, match=r"bad\.mp4"):
        index_video(path)
    with pytest.raises(annokit.MediaError, match=r"none\.mp4"):
        frame_image(tmp_path / "none.mp4", 0)


def test_a_cut_file_is_a_media_error_or_shorter(tmp_path):
    whole = make(tmp_path / "v.mkv", 90, g=10)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    index = index_video(cut)
    assert 0 < len(index) < 90
    good = list(range(len(index) - 2))
    assert [number_of(pixels) for _, pixels in read_frames(cut, good, index)] == good


def test_an_edit_list_decides_which_frame_is_the_first(tmp_path):
    """What the list leaves out is no frame, though frames that are shown need it to be decoded."""
    path = make(tmp_path / "v.mp4", 90, "libx264", start=-0.68, g=12, bf=2)
    with av.open(str(path)) as container:
        shown = [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert shown == list(range(17, 90))
    index = index_video(path)
    assert (len(index), index.times[0]) == (73, 0.0)
    for wanted in ([0], [72], [3, 5, 40], range(73)):
        assert [number_of(pixels) for _, pixels in read_frames(path, wanted)] == [number + 17 for number in wanted]
    assert number_of(np.asarray(frame_image(path, 6))) == 23


def test_heads_tell_sizes_and_frames(tmp_path):
    path = make(tmp_path / "v.mp4", 30)
    assert (frame_count(path), video_size(path)) == (30, (WIDTH, HEIGHT))
    assert frame_count(make(tmp_path / "v.mkv", 30)) is None
    with pytest.raises(annokit.MediaError, match=r"bad\.mp4"):
        frame_count(tmp_path / "bad.mp4")


def test_a_turned_video_is_read_as_it_is_shown(tmp_path, monkeypatch):
    """The file's own turn comes from a player's matrix, which this library can't write: it is stood in for."""
    path = make(tmp_path / "v.mp4", 5)
    monkeypatch.setattr("annokit.media.video._quarter_turns", lambda _: 1)
    assert video_size(path) == (HEIGHT, WIDTH)
    index = index_video(path)
    assert (index.width, index.height) == (HEIGHT, WIDTH)
