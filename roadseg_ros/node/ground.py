"""Project the road of each camera onto the ground, and publish the grids that are asked for."""

from __future__ import annotations

import time

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from roadseg_core.geometry import View
from roadseg_core.ground import Pose
from roadseg_core.ground.camera import GroundCamera, NotReadyError, map_maker
from roadseg_core.ground.camera_model import camera_info_values
from roadseg_core.ground.newest import NewestGrids
from roadseg_core.labels import LabelMap
from roadseg_ros.node.camera import OutputPublishers
from roadseg_ros.node.ground_messages import edge_cloud, occupancy_grid
from roadseg_ros.node.parameters import NodeSettings
from roadseg_ros.node.tf import TfListener

_OF_A_CAMERA = frozenset({'road_grid', 'road_edge'})


class GroundPublisher:
    """
    Publish the ground grids and road edges that somebody subscribes to.

    :param publishers: where each camera's outputs go
    :param fused: where the grid of all cameras goes
    :param clock: the node's clock
    :ivar problems: what keeps a camera out of the grids that somebody asks for
    """

    def __init__(
        self,
        settings: NodeSettings,
        publishers: dict[str, OutputPublishers],
        fused: OutputPublishers,
        tf: TfListener,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._publishers = publishers
        self._fused = fused
        self._tf = tf
        self._clock = clock
        self._making = map_maker()
        self._newest = NewestGrids(settings.grid)
        self._cameras = {
            camera.name: GroundCamera(
                settings.grid,
                self._making,
                hood=camera.hood,
                rectified=camera.rectified,
                clearance=settings.grid_clearance,
                road_threshold=settings.grid_road_threshold,
            )
            for camera in settings.cameras
        }
        self._poses = {camera.name: camera.pose for camera in settings.cameras}
        self.problems: dict[str, str] = {}
        self._wanted_since: dict[str, int] = {}

    @property
    def has_poses(self) -> bool:
        """Whether the pose of a camera is set by parameter."""
        return any(self._poses.values())

    def wanted(self, outputs: frozenset[str]) -> bool:
        """Tell whether a camera is to be projected, of whose outputs these are asked for."""
        return bool(outputs & _OF_A_CAMERA or self._fused.wanted())

    def listen(self, max_age: float) -> None:
        """
        Listen to tf as long as it is needed, and tell of cameras that fell silent.

        For the executor's thread: where all are silent, nothing is projected or published.

        :param max_age: of the frames in the fused grid, in seconds
        """
        wanted = [n for n, outputs in self._publishers.items() if self.wanted(outputs.wanted())]
        if not wanted:
            self.problems.clear()
        now, longest = time.monotonic_ns(), round(max_age * 1e9)
        # What is left from the time before somebody asked says nothing about a camera.
        self._wanted_since = {name: self._wanted_since.get(name, now) for name in wanted}
        overdue = self._newest.overdue(now_ns=now, max_age_ns=longest)
        for name, since in self._wanted_since.items():
            if name in overdue and now - since > longest:
                self.problems[name] = overdue[name]
        self._tf.listen(any(self._poses[name] is None for name in wanted))

    def close(self) -> None:
        """Take the fused grid's topic away, and stop what is being made."""
        self._fused.destroy()
        self._making.shutdown(wait=False, cancel_futures=True)
        self._tf.listen(False)

    def leave_out(self, camera: str, reason: str) -> None:
        """Leave a camera out of the fused grid until its next frame."""
        self.problems[camera] = reason
        self._newest.remove(camera)

    def project(
        self,
        camera: str,
        header: Header,
        arrival: float,
        *,
        info: CameraInfo | None,
        view: View,
        labels: np.ndarray,
        road_probability: np.ndarray | None,
        label_map: LabelMap,
    ) -> None:
        """
        Take a frame, and publish what of its camera alone is asked for.

        :param arrival: of the frame, in steady seconds
        :param info: the camera's newest CameraInfo
        :param labels: uint8 [H, W] at the network's size, as ``road_probability``
        """
        wanted = self._publishers[camera].wanted()
        stamp, frame, grid = header.stamp, self._settings.base_frame, self._settings.grid
        try:
            if info is None:
                raise ValueError('no CameraInfo came: see its parameter camera_info_topic')
            if stamp.nanosec >= 10**9:
                raise ValueError(f'its stamp has {stamp.nanosec} ns; expected less than a second')
            pose = self._pose(camera, header.frame_id)
            maps = self._cameras[camera].maps(camera_info_values(info), pose, view, label_map)
            seen = maps.project(labels, road_probability)
            self._newest.put(
                camera,
                seen.cells,
                stamp_ns=stamp.sec * 10**9 + stamp.nanosec,
                arrival_ns=round(arrival * 1e9),
            )
            for output in wanted & _OF_A_CAMERA:
                message = (
                    occupancy_grid(seen.cells, grid, stamp, frame)
                    if output == 'road_grid'
                    else edge_cloud(seen.edge, stamp, frame)
                )
                self._publishers[camera].publish(output, message)
        except NotReadyError:
            self._newest.remove(camera)
        except Exception as error:
            # Whatever it is, it costs the grids and never the labels.
            self.leave_out(camera, str(error) if isinstance(error, ValueError) else repr(error))
        else:
            self.problems.pop(camera, None)

    def publish(self, max_age: float) -> None:
        """
        Publish the newest grids of all cameras as one, if somebody asks for it.

        :param max_age: of the frames in it, in seconds
        """
        if not self._fused.wanted():
            return
        fused, left_out = self._newest.fused(
            now_ns=time.monotonic_ns(),
            clock_ns=self._clock.now().nanoseconds,
            max_age_ns=round(max_age * 1e9),
        )
        self.problems |= left_out
        if fused.stamp_ns is None:
            return
        seconds, nanoseconds = divmod(fused.stamp_ns, 10**9)
        stamp = Time(sec=seconds, nanosec=nanoseconds)
        message = occupancy_grid(fused.cells, self._settings.grid, stamp, self._settings.base_frame)
        try:
            self._fused.publish('road_grid', message)
        except Exception as error:
            self.problems |= dict.fromkeys(fused.used, f'road_grid was not published: {error!r}')

    def _pose(self, camera: str, frame: str) -> np.ndarray:
        """Return float64 [4, 4], from a camera's optical frame to the base frame."""
        pose = self._poses[camera]
        if pose is not None:
            return Pose(*pose).matrix
        if not frame:
            raise ValueError('its images name no frame_id, and it has no pose: set either')
        return self._tf.lookup(self._settings.base_frame, frame)
