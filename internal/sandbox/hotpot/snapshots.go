package hotpot

import (
	"cmp"
	"maps"
	"net/http"
)

type snapshotRow struct {
	rowBase
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	ProfileID   string `json:"profileId,omitempty"`
	Size        int64  `json:"size,omitempty"` // GB; set when the snapshot is made
	Status      string `json:"status,omitempty"`
	VolumeID    string `json:"volumeId,omitempty"`

	Metadata map[string]string `json:"metadata,omitempty"`
}

func (h *Server) createSnapshot(c *call) (int, any, error) {
	var snapshot snapshotRow
	if err := c.decode("volume snapshot", "VolumeSnapshotSpec", &snapshot); err != nil {
		return 0, nil, err
	}
	volume, err := h.volumes.find(c.Caller, snapshot.VolumeID)
	if snapshot.ProfileID == "" {
		if err != nil {
			return 0, nil, refusal(http.StatusBadRequest, "%v", err)
		}
		snapshot.ProfileID = volume.ProfileID
	}
	if _, profileErr := h.profiles.shared(snapshot.ProfileID); profileErr != nil {
		return 0, nil, refusal(http.StatusBadRequest, "get profile failed: %v", profileErr)
	}
	if err != nil {
		return 0, nil, refusal(http.StatusBadRequest, "create volume snapshot failed: %v", err)
	}
	if volume.Status != "available" && volume.Status != "inUse" {
		return 0, nil, refusal(http.StatusBadRequest,
			"create volume snapshot failed: only the status of volume is available or in-use, the snapshot can be created")
	}

	snapshot.rowBase = rowBase{ID: h.newID(), CreatedAt: h.timestamp(), TenantID: c.Tenant}
	snapshot.Status = "creating"
	snapshot.Size = 0
	snapshot.Metadata = maps.Clone(volume.Metadata)
	answer := snapshot

	snapshot.UpdatedAt = h.timestamp()
	snapshot.Status = "available"
	snapshot.Size = volume.Size
	snapshot.Metadata = maps.Clone(snapshot.Metadata)
	if snapshot.Metadata == nil {
		snapshot.Metadata = map[string]string{}
	}
	snapshot.Metadata["lvsPath"] = "/dev/opensds-volumes-default/_snapshot-" + snapshot.ID
	h.snapshots.put(&snapshot)
	return http.StatusAccepted, answer, nil
}

func (h *Server) listSnapshots(c *call) (int, any, error) {
	snapshots, err := h.snapshots.page(c.Caller, c.query, "id", "name", "volumeId", "status", "userId", "tenantId", "size")
	return http.StatusOK, snapshots, err
}

func (h *Server) getSnapshot(c *call) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	return http.StatusOK, snapshot, err
}

func (h *Server) namedSnapshot(c *call) (*snapshotRow, error) {
	snapshot, err := h.snapshots.find(c.Caller, c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "volume snapshot %s not found: %v", c.id, err)
	}
	return snapshot, nil
}

func (h *Server) updateSnapshot(c *call) (int, any, error) {
	var change snapshotRow
	if err := c.decode("volume snapshot", "VolumeSnapshotSpec", &change); err != nil {
		return 0, nil, err
	}
	snapshot, err := h.snapshots.find(c.Caller, c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusInternalServerError, "update volume snapshot failed: %v", err)
	}
	snapshot.Name = cmp.Or(change.Name, snapshot.Name)
	snapshot.Description = cmp.Or(change.Description, snapshot.Description)
	snapshot.UpdatedAt = h.timestamp()
	return http.StatusOK, snapshot, nil
}

func (h *Server) deleteSnapshot(c *call) (int, any, error) {
	snapshot, err := h.namedSnapshot(c)
	if err != nil {
		return 0, nil, err
	}
	h.snapshots.remove(snapshot.ID)
	return http.StatusAccepted, nil, nil
}
