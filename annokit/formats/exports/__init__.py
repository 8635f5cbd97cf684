"""Export trees: pictures and annotations in folders by dataset, as platforms hand them out, in any format.

Described at the help centre of Innotescus, "Exporting Data & Annotations", read in November 2026::

    datasets/                           pictures
      dataset1/image1.jpg
    annotations/                        one format for all
      dataset1/...
      dataset2/...

======================================================  ===============================================================
where                                                   what
======================================================  ===============================================================
``annotations/<dataset>/``                              what the format writes of one dataset
``annotations/<task>/<dataset>/``                       likewise, where several tasks are exported at once
``datasets/<dataset>/<picture>``                        the picture of an item under the item's name
``<subset>/annotations/...``, ``<subset>/datasets/...`` the same for every part of a split export
``annokit-export.json``                                 what annokit adds: which folder is what, under its own name
======================================================  ===============================================================

How it is read
--------------
A tree without ``annokit-export.json`` is known by its folders ``annotations`` and ``datasets``, at any depth: several
such pairs are subsets, named after the folder around them. A folder in ``annotations`` that is called like one in
``datasets`` is a dataset, any other one that holds such folders is a task. Every dataset is read by itself, in the
format that is given or found; ``item.dataset`` and ``item.split`` are the folders' names, the task becomes the
annotations' ``layer``. Pictures are looked for in the dataset's own folder.
"""
