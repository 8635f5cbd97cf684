import pickle

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder, Mask, Polygon
from annokit.interop.torch import as_dataset, collate, unpack

torch = pytest.importorskip("torch")

LEFT = np.zeros((20, 30), bool)
LEFT[5:15, 0:10] = True


def dataset(tmp_path):
    """Return three non-square items: two with objects, one with none."""
    builder = DatasetBuilder()
    for number, (width, height) in enumerate([(30, 20), (30, 20), (8, 16)]):
        picture = Image.new("RGB", (width, height), (number, 100, 200))
        picture.save(tmp_path / f"{number}.png")
        builder.add_item(f"{number}.png", width=width, height=height, path=str(tmp_path / f"{number}.png"))
    builder.add_annotation(0, "cat", Box(0.0, 0.25, 0.5, 0.75), attributes={"iscrowd": 1})
    builder.add_annotation(1, "dog", Mask.encode(LEFT))
    builder.add_annotation(0, "dog", Polygon.of([[0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [0.5, 1.0]]))
    builder.add_annotation(0, "tag")
    builder.add_annotation(0, None, Box(0, 0, 1, 1))
    return builder.build()


def test_detection_gives_pixel_boxes_in_the_order_of_items(tmp_path):
    data = as_dataset(dataset(tmp_path))
    image, target = data[0]
    assert image.shape == (3, 20, 30)
    assert image[:, 0, 0].tolist() == [0, 100, 200]
    assert target["boxes"].tolist() == [[0, 5, 15, 15], [15, 10, 30, 20]]
    assert target["labels"].tolist() == [0, 1]
    assert target["area"].tolist() == [150, 150]
    assert target["iscrowd"].tolist() == [1, 0]
    assert target["image_id"] == 0
    assert data[1][1]["boxes"].tolist() == [[0, 5, 10, 15]]
    empty = data[-1][1]
    assert (empty["boxes"].shape, empty["labels"].shape) == ((0, 4), (0,))
    assert (empty["boxes"].dtype, empty["labels"].dtype) == (torch.float32, torch.int64)
    with pytest.raises(IndexError):
        data[3]


def test_labels_can_begin_at_one(tmp_path):
    assert as_dataset(dataset(tmp_path), first_label=1)[0][1]["labels"].tolist() == [1, 2]


def test_segmentation_has_a_mask_per_box(tmp_path):
    data = as_dataset(dataset(tmp_path), target="segmentation")
    masks = data[0][1]["masks"]
    assert masks.shape == (2, 20, 30)
    assert masks.sum(dim=(1, 2)).tolist() == [150, 150]
    assert data[1][1]["masks"][0].numpy().astype(bool).tolist() == LEFT.tolist()
    assert data[2][1]["masks"].shape == (0, 16, 8)


def test_semantic_is_label_plus_one(tmp_path):
    data = as_dataset(dataset(tmp_path).filter(labels=["cat", "dog"]), target="semantic")
    values = data[0][1]
    assert values.dtype == torch.int64
    assert values[6, 1] == 1
    assert values[15, 20] == 2
    assert values[0, 0] == 0


def test_classification_is_one_number_or_a_row_of_flags(tmp_path):
    ds = dataset(tmp_path)
    flags = as_dataset(ds, target="classification")
    assert flags[0][1].tolist() == [1.0, 1.0, 1.0]
    assert flags[2][1].tolist() == [0.0, 0.0, 0.0]
    single = as_dataset(ds.filter(labels="dog"), target="classification")
    assert [single[i][1].item() for i in range(3)] == [1, 1, -1]


def test_a_transform_gets_image_and_target(tmp_path):
    data = as_dataset(
        dataset(tmp_path), transform=lambda image, target: (image.float().mean().item(), len(target["boxes"]))
    )
    assert data[0] == (pytest.approx(100.0), 2)


def test_collate_packs_and_unpack_undoes_it(tmp_path):
    data = as_dataset(dataset(tmp_path))
    images, packed = collate([data[i] for i in range(3)])
    assert [tuple(image.shape) for image in images] == [(3, 20, 30), (3, 20, 30), (3, 16, 8)]
    assert packed["offsets"].tolist() == [0, 2, 3, 3]
    assert packed["boxes"].shape == (3, 4)
    assert packed["image_id"].tolist() == [0, 1, 2]
    for target, row in zip(unpack(packed), range(3), strict=True):
        expected = data[row][1]
        assert target["boxes"].tolist() == expected["boxes"].tolist()
        assert target["labels"].tolist() == expected["labels"].tolist()
    stacked, _ = collate([data[0], data[1]])
    assert stacked.shape == (2, 3, 20, 30)


def test_a_picture_of_another_size_is_an_error(tmp_path):
    ds = dataset(tmp_path)
    Image.new("RGB", (20, 30)).save(tmp_path / "0.png")
    with pytest.raises(annokit.MediaError, match=r"'0\.png' is 20x30, its labels lie in 30x20"):
        as_dataset(ds)[0]


def constant(item):
    return torch.zeros(3, 4, 4, dtype=torch.uint8)


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("target", ["detection", "segmentation"])
def test_workers_give_what_the_process_gives(tmp_path, start, target):
    from torch.utils.data import DataLoader

    ds = annokit.concat([dataset(tmp_path)] * 5)
    annokit.write(ds, tmp_path / "x.annokit", "annokit")
    data = as_dataset(annokit.read(tmp_path / "x.annokit"), target=target)
    loader = DataLoader(data, batch_size=4, num_workers=2, collate_fn=collate, multiprocessing_context=start)
    found = [one for _, targets in loader for one in unpack(targets)]
    assert len(found) == 15
    for row, one in enumerate(found):
        expected = data[row][1]
        assert one["boxes"].tolist() == expected["boxes"].tolist()
        if target == "segmentation":
            assert one["masks"].tolist() == expected["masks"].tolist()


def test_detection_is_light_to_pickle(tmp_path):
    ds = annokit.concat([dataset(tmp_path)] * 300)
    assert len(pickle.dumps(as_dataset(ds))) < len(pickle.dumps(ds)) + 100_000
    assert len(as_dataset(ds)._items.annotations) == 0


def test_an_unknown_target_lists_the_choices(tmp_path):
    with pytest.raises(annokit.UsageError, match="classification, detection, segmentation, semantic"):
        as_dataset(dataset(tmp_path), target="boxes")


def test_torchvision_gets_its_own_tensors(tmp_path):
    tensors = pytest.importorskip("torchvision.tv_tensors")
    data = dataset(tmp_path)
    image, target = as_dataset(data, target="segmentation")[0]
    assert isinstance(image, tensors.Image)
    assert isinstance(target["boxes"], tensors.BoundingBoxes)
    assert target["boxes"].canvas_size == tuple(image.shape[-2:])
    assert isinstance(target["masks"], tensors.Mask)
    assert isinstance(as_dataset(data, target="semantic")[0][1], tensors.Mask)
    assert torch.equal(torch.as_tensor(as_dataset(data)[0][1]["boxes"]), torch.as_tensor(target["boxes"]))
